import { exitCode } from '../exit-codes.ts';
import { type Verb, verb } from '../verb.ts';

/** Asks the command itself at each press of the key: what there is depends on the cluster. */
const SCRIPTS = {
  bash: `# eval "$(hardway completion bash)"
_hardway() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(hardway --complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _hardway hardway
`,
  zsh: `#compdef hardway
# eval "$(hardway completion zsh)"
_hardway() {
  local -a all
  all=("\${(@f)$(hardway --complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  (( \${#all} )) && compadd -a all || _files
}
compdef _hardway hardway
`,
};

export const completion: Verb = verb(
  'completion [shell]',
  'Print what lets bash or zsh complete verbs, options, machines and phases',
  (yargs) =>
    yargs
      .positional('shell', { choices: ['bash', 'zsh'] as const, describe: 'default: the shell you use' })
      .example('eval "$($0 completion)"', 'in this shell; for good, put it into ~/.bashrc or ~/.zshrc'),
  async (given) => {
    const used = process.env['SHELL']?.endsWith('zsh') === true ? 'zsh' : 'bash';
    process.stdout.write(
      SCRIPTS[given['shell'] === undefined ? used : (given['shell'] as keyof typeof SCRIPTS)],
    );
    return exitCode.done;
  },
);
