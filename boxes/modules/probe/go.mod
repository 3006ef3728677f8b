module hardway.local/artefacts/probe

go 1.26.0
