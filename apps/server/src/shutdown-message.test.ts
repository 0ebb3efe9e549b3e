import { expect, test } from "vitest";
import { projectsAfterEnd } from "./shutdown-message.ts";

test("what becomes of projects depends on what ends with the server", () => {
  const server = { driver: "sandbox", isOneOfSeveral: false, isContainerImage: false, orphanMinutes: 15 };
  expect(projectsAfterEnd(server)).toBe("projects keep running for 15 minutes, or until the next start");
  expect(projectsAfterEnd({ ...server, orphanMinutes: undefined })).toBe("projects keep running until the next start");
  expect(projectsAfterEnd({ ...server, isOneOfSeveral: true })).toBe("the other servers take over its projects");
  const inContainer = { ...server, isContainerImage: true };
  expect(projectsAfterEnd(inContainer)).toBe("projects end with this container and start again when they are opened");
  expect(projectsAfterEnd({ ...inContainer, driver: "docker" })).toBe("projects keep running until the next start");
  expect(projectsAfterEnd({ ...inContainer, driver: "remote" })).toBe("projects keep running for 15 minutes, or until the next start");
});
