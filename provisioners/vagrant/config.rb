module Hardway
  # Nothing to configure: everything stands in cluster.json.
  class Config < Vagrant.plugin('2', :config)
  end
end
