import { describe, expect, test } from "vitest";
import { parseScript } from "./script-text.ts";
import {
  afterwards,
  call,
  disconnect,
  fail,
  finish,
  garbage,
  hang,
  malformed,
  nextMessage,
  pause,
  say,
  script,
  think,
  turn,
  usage,
  when,
} from "./script.ts";

const text = `A demonstration. This is prose.

# when /counter/i

## turn
think: What is there?
say: I'll look
at **both** files.

And more.
call read_file src/App.tsx
call list_dir src

## turn
call write_file src/Counter.tsx
\`\`\`\`tsx
# not a heading
\`\`\`
inner
\`\`\`
\`\`\`\`
call edit_file src/App.tsx
\`\`\`search
<main />
\`\`\`
\`\`\`replace
<main>
  <Counter />
</main>
\`\`\`
usage input=100 output=20 cached=5

## fail 429 retry-after=1 times=2
## disconnect after=5

## turn
call run_command npx tsc --noEmit
\`\`\`json
{ "timeout": 60 }
\`\`\`

## message: the second one

## turn
call todo_write
\`\`\`json
{ "todos": [] }
\`\`\`
malformed write_file
\`\`\`
{"file_path":
\`\`\`

## turn
say: Done.
pause 10
finish length

# otherwise

## garbage
\`\`\`
<html>
\`\`\`
## hang after=2

# afterwards

## turn
say: Bye.
`;

test("parses everything the builder can create", () => {
  expect(parseScript(text)).toEqual(
    script([
      when(/counter/i, [
        turn(
          think("What is there?"),
          say("I'll look\nat **both** files.\n\nAnd more."),
          call("read_file", { file_path: "src/App.tsx" }),
          call("list_dir", { path: "src" }),
        ),
        turn(
          call("write_file", { file_path: "src/Counter.tsx", content: "# not a heading\n```\ninner\n```\n" }),
          call("edit_file", { file_path: "src/App.tsx", edits: [{ search: "<main />\n", replace: "<main>\n  <Counter />\n</main>\n" }] }),
          usage({ input: 100, output: 20, cached: 5 }),
        ),
        fail(429, { retryAfter: 1, times: 2 }),
        disconnect({ afterTokens: 5 }),
        turn(call("run_command", { command: "npx tsc --noEmit", timeout: 60 })),
        nextMessage(),
        turn(call("todo_write", { todos: [] }), malformed("write_file", '{"file_path":')),
        turn(say("Done."), pause(10), finish("length")),
      ]),
      garbage("<html>"),
      hang({ afterTokens: 2 }),
      afterwards([turn(say("Bye."))]),
    ]),
  );
});

describe("reports the line it cannot parse", () => {
  test.each([
    ["# whenever /a/", 'script line 1: unknown heading "# whenever /a/"'],
    ["# when counter", 'script line 1: expected /pattern/, not "counter"'],
    ["## nonsense", 'script line 1: unknown heading "## nonsense"'],
    ["## turn\nhello", 'script line 2: expected say:, call …, not "hello"'],
    ["## turn\ncall write_file a.ts", "script line 2: write_file takes one fenced block"],
    ["## turn\ncall todo_write now", "script line 2: todo_write takes its arguments as a json block"],
    ["## turn\ncall todo_write\n```json\n{\n```", "script line 2: the json block cannot be read"],
    ["## turn\ncall edit_file a.ts\n```search\na\n```", "script line 2: expected a search block and then a replace block"],
    ["## turn\ncall glob *.ts\nand more", 'script line 3: "and more" is outside a fence'],
    ["## disconnect soon", 'script line 1: expected name=number, not "soon"'],
    ["## turn\ncall write_file a\n```\nx", "a fence is never closed"],
  ])("%j", (source, message) => {
    expect(() => parseScript(source)).toThrow(message);
  });
});
