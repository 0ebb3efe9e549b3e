/** What becomes of projects when this server ends, for the line that it prints then. */
export function projectsAfterEnd({
  driver,
  isOneOfSeveral,
  isContainerImage,
  orphanMinutes,
}: {
  driver: string;
  isOneOfSeveral: boolean;
  /** All processes of the container end with the server. */
  isContainerImage: boolean;
  /** `undefined`: no limit. */
  orphanMinutes: number | undefined;
}): string {
  if (isOneOfSeveral) return "the other servers take over its projects";
  if (isContainerImage && (driver === "sandbox" || driver === "process"))
    return "projects end with this container and start again when they are opened";
  // The program that would stop them ends with the container, too.
  if (isContainerImage && driver === "docker") return "projects keep running until the next start";
  return `projects keep running ${orphanMinutes === undefined ? "until the next start" : `for ${orphanMinutes} minutes, or until the next start`}`;
}
