import { expect, test } from "vitest";
import { formatByteLimit, formatBytes } from "./bytes.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [1234, "1.2 kB"],
  [9_960, "10 kB"],
  [14_400, "14 kB"],
  [41_200_000, "41 MB"],
  [999_600_000, "1.0 GB"],
  [2.5e12, "2.5 TB"],
])("%i bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
test("a limit is in the unit in which it is whole", () => expect(formatByteLimit(20 * 1024 * 1024)).toBe("20 MiB"));
