/** Who commits. */
export interface Identity {
  name: string;
  email: string;
}

/** Of a name that is nothing but these characters, git says that it is none. */
export const isNameForGit = (name: string | undefined): name is string =>
  // oxlint-disable-next-line no-control-regex
  name !== undefined && /[^\0-\x20.,:;<>"\\']/.test(name);

/** A value of a configuration file of git. */
export const configText = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/**
 * What git in a person's terminal reads as the machine's configuration: who they are, for as long as neither the repository nor their own
 * settings say otherwise.
 */
export const identityConfig = ({ name, email }: Identity): string =>
  `[include]\n\tpath = /etc/gitconfig\n[user]\n\tname = ${configText(name)}\n\temail = ${configText(email)}\n`;
