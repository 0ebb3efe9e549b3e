/** The committer. */
export interface Identity {
  name: string;
  email: string;
}

/** git rejects a name that consists only of these characters. */
export const isNameForGit = (name: string | undefined): name is string =>
  // oxlint-disable-next-line no-control-regex
  name !== undefined && /[^\0-\x20.,:;<>"\\']/.test(name);

/** Quotes a value for a git configuration file. */
export const configText = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/** System-level configuration for git in a user's terminal: their identity, unless the repository or their own settings override it. */
export const identityConfig = ({ name, email }: Identity): string =>
  `[include]\n\tpath = /etc/gitconfig\n[user]\n\tname = ${configText(name)}\n\temail = ${configText(email)}\n`;
