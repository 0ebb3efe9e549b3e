import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { denials, denied } from "./strings-deny.ts";
import { findTexts } from "./strings/find.ts";
import { deniedLines, textsOf } from "./strings.ts";

const fixture = join(import.meta.dirname, "strings/every-kind.fixture.txt");
const find = (source: string) => findTexts("a.tsx", source).map(({ kind, text }) => `${kind}  ${text}`);

describe("findTexts", () => {
  test("finds texts of every kind, and no classes, keys, paths, values of unions or test ids", () => {
    expect(findTexts("fixture.tsx", readFileSync(fixture, "utf8")).map(({ line, kind, text }) => `${line}  ${kind}  ${text}`)).toEqual([
      "4  property astro  Next.js",
      "4  property unknown  not known",
      "7  property title  Deploys",
      "7  property scope  Workbench",
      "8  return speedOf  fast",
      "8  return speedOf  slow",
      "14  return footNote  v{version} stays live{ at {url}|}.",
      "17  return footNote  The first version.",
      "19  call Error  No such plan: {kind}",
      "23  default hint  Names only",
      "25  value label  Stop the run",
      "27  call toast  {counted file} deleted.",
      "27  call counted  file",
      "27  property label  Undo",
      "28  call setFailure  Enter a name.",
      "31  attribute aria-label  Files",
      "31  attribute title  All files",
      "33  text  <b>{length}</b> files changed in the last {hour|hours}, see <Link>the log</Link>.",
      "36  text  Don’t close this page.{<span> It is {word}.</span>|}",
      "37  text  Running",
      "37  text  Stopped",
      "38  text  Working…",
      "39  attribute loadingWord  Deleting",
      "40  button  Delete {length} files",
      "43  text  Before the list",
      "47  text  {size} bytes",
      "48  attribute alt  Icon of {name}",
      "53  property label  All files",
      "53  property label  By {user}",
      "55  attribute hint  Optional.",
      "55  attribute error  Failed: {failure}",
    ]);
  });

  test("joins a sentence with its inline elements, and prints it with placeholders", () => {
    expect(find("<p><b>3</b> files changed</p>")).toEqual(["text  <b>3</b> files changed"]);
    expect(find("<p>\n  Read {count}{' '}\n  <Link to='/a'>files</Link> now\n</p>")).toEqual(["text  Read {count} <Link>files</Link> now"]);
  });

  test("keeps the names of values and elements out of the words", () => {
    const [text] = findTexts("a.tsx", "<p><b>{thread}</b> is {isGone ? gone : 'live'}</p>");
    expect(text).toMatchObject({ text: "<b>{thread}</b> is {gone|live}", words: "{} is {{}|live}" });
  });

  test("prints the lines of texts, not of the elements around them", () => {
    expect(findTexts("a.tsx", "<p>\n\n  Hello\n</p>")[0]?.line).toBe(3);
  });

  test("names the file that it cannot parse", () => {
    expect(() => findTexts("broken.tsx", "const = ;")).toThrow("broken.tsx cannot be parsed");
  });
});

describe("the deny list", () => {
  const refusals = (words: string, kind = "text") => denied({ words, kind }).map(({ write }) => write);

  test.each([
    ["Enter your e-mail.", "email"],
    ["The files could not be read", "Couldn't load …"],
    ["Then its credits are gone.", "was deleted, expires, is no longer available"],
    ["Your plan goes on until Friday.", "continues, runs"],
    ["Nothing starts by itself.", "automatically"],
    ["Changed by somebody else", "someone, everyone, anyone"],
    ["Make one", "create"],
    ["Put the first steps away", "dismiss, archive"],
    ["Let it fall asleep", "the verb itself: “Allow”, “Attach”, “Turn off”"],
    ["The app is asleep", "hibernated, frozen"],
    ["Hosted on this server", "always-on project"],
    ["Start cancelled", "American spelling: color, canceled"],
    ["The usual one", "default"],
    ["{} hits", "match"],
    ["The run has given up", "couldn't, stopped trying; discard"],
    ["Act as them…", "impersonate"],
    ["Paid back on Friday", "refund, refunded"],
    ["It lapses in a month", "expire"],
    ["The upload broke off", "cancel, fail"],
    ["{} files left out", "skipped, excluded"],
    ["Tick what to delete", "select, clear"],
    ["What the icons stand for", "represent, mean"],
    ["A new one in the place of the old", "replaces, instead of"],
    ["Deploy all the same", "anyway"],
    ["A draft from before", "previous"],
    ["Allow for this once", "once"],
    ["Added by hand", "manually"],
    ["New thread", "chat"],
    ["Send {} remarks", "comment"],
  ])("%s", (words, write) => expect(refusals(words)).toContain(write));

  test.each([
    "Enter your email.",
    "Couldn't load files. Retry.",
    "Letters, digits and _",
    "Set the SMTP mail server",
    "Undo this run",
    "Message {}",
  ])("allows %s", (words) => expect(refusals(words)).toEqual([]));

  test("wants a noun in buttons only", () => {
    expect(refusals("Take it", "button")).not.toEqual([]);
    expect(refusals("Take it", "text")).toEqual([]);
  });

  test("names each word once", () => {
    expect(new Set(denials.map(({ instead }) => instead)).size).toBe(denials.length);
  });
});

describe("the web UI", () => {
  const texts = textsOf();

  test("has its texts found", () => {
    expect(texts.length).toBeGreaterThan(4000);
    expect(texts.filter(({ file }) => file === "apps/web/index.html").map(({ text }) => text)).toContain(
      "Tesslate Studio requires JavaScript.",
    );
  });

  test("uses no word of the deny list", () => {
    expect(deniedLines(texts)).toEqual([]);
  });
});
