/** `headgate completion`: a script that completes nouns, verbs and options without starting anything. */
import * as z from 'zod';
import { type Entry, isPassed, isVerb, type Verb, verb } from './program/verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

type Entries = Readonly<Record<string, Entry>>;

export const completionOf = (entries: Entries): Verb =>
  verb({
    summary: 'a completion script for bash, zsh or fish',
    argument: 'SHELL',
    options: { id: { effect: '', schema: z.enum(SHELLS, 'expected bash, zsh or fish') } },
    details: `bash: source <(headgate completion bash)
zsh:  source <(headgate completion zsh)
fish: headgate completion fish | source`,
    async run({ id }, { output }) {
      const script = scripts[id](await wordTree(entries));
      output.show([{ script }], (page) => page.block(script));
      return 'done';
    },
  });

/** By the words typed so far: the words that may come next. */
type WordTree = ReadonlyMap<string, readonly string[]>;

async function wordTree(entries: Entries): Promise<WordTree> {
  const tree = new Map<string, readonly string[]>([['', [...Object.keys(entries), '--help']]]);
  for (const [word, entry] of Object.entries(entries)) {
    const loaded = await entry.load();
    if (isPassed(loaded)) tree.set(word, ['--help']);
    else if (isVerb(loaded)) tree.set(word, wordsOf(loaded));
    else {
      tree.set(word, [...Object.keys(loaded.verbs), '--help']);
      for (const [name, each] of Object.entries(loaded.verbs)) tree.set(`${word} ${name}`, wordsOf(each));
    }
  }
  return tree;
}

const wordsOf = ({ options }: Verb): string[] => [
  ...Object.keys(options).flatMap((name) => (name === 'id' ? [] : [`--${name}`])),
  '--json',
  '--help',
];

function bash(tree: WordTree): string {
  const cases = [...tree].map(([typed, words]) => `    '${typed}') words='${words.join(' ')}' ;;`);
  return `_headgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} typed='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) break ;; esac
    typed="\${typed:+$typed }$word"
  done
  while :; do
    case $typed in
${cases.join('\n')}
    esac
    # An argument, such as a job, follows the words that are known.
    [[ -n $words || $typed != *' '* ]] && break
    typed=\${typed% *}
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _headgate headgate`;
}

const zsh = (tree: WordTree): string => `autoload -U +X bashcompinit && bashcompinit\n${bash(tree)}`;

function fish(tree: WordTree): string {
  const lines = [...tree].flatMap(([typed, words]) => {
    const condition =
      typed === ''
        ? '__fish_use_subcommand'
        : typed
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    return words.map((word) =>
      word.startsWith('--')
        ? `complete -c headgate -f -n '${condition}' -l ${word.slice(2)}`
        : `complete -c headgate -f -n '${condition}' -a ${word}`,
    );
  });
  return lines.join('\n');
}

const scripts = { bash, zsh, fish };
