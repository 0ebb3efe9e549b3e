import { textOf, type Message } from "./conversation.ts";

/** The inside of the `[CONTEXT]` blocks that a model still sees, newest first. */
function contextBlocks(messages: readonly Message[]): string[] {
  return messages
    .flatMap((message) => {
      if (message.role !== "user" || (message.kind !== undefined && message.kind !== "note")) return [];
      const block = /^(?:\[[^\]\n]*\]\n)?\[CONTEXT\]\n([\s\S]*?)\n\[\/CONTEXT\]/.exec(textOf(message))?.[1];
      return block === undefined ? [] : [block];
    })
    .toReversed();
}

/** What a section is about: its first words, up to a colon. */
const titleOf = (section: string): string => /^[^:\n]*/.exec(section)?.[0] ?? "";

/**
 * Whether the newest version of this section that the model sees is this one. Sections have a title and are separated by empty lines; one that is equal
 * to the last one of its title need not be sent again.
 */
function isKnown(section: string, blocks: readonly string[]): boolean {
  for (const block of blocks) {
    const padded = `\n\n${block}\n\n`;
    if (padded.includes(`\n\n${section}\n\n`)) return true;
    if (padded.includes(`\n\n${titleOf(section)}:`)) return false;
  }
  return false;
}

/** The sections that the model has not seen, or not in this version, and a line with the titles of the others. */
export function newSections(sections: readonly string[], messages: readonly Message[]): string[] {
  const blocks = contextBlocks(messages);
  const known = sections.filter((section) => isKnown(section, blocks));
  if (known.length === 0) return [...sections];
  return [
    ...sections.filter((section) => !known.includes(section)),
    `Unchanged since an earlier [CONTEXT]: ${known.map(titleOf).join("; ")}.`,
  ];
}

/** Sections that none of these messages has, as after a summary of earlier messages. */
export const missingSections = (sections: readonly string[], messages: readonly Message[]): string[] => {
  const blocks = contextBlocks(messages);
  return sections.filter((section) => !isKnown(section, blocks));
};
