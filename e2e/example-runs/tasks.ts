/** What official agents are asked, in which project, and what the scripted model answers. */
import { call, parallel, say, turn, type ScriptItem } from "@tesslate/testkit";
import { bakeryCode, bakeryPage, bakeryStyles } from "../bakery.ts";

interface Task {
  agent: string;
  message: string;
  files: Record<string, string>;
  answers: ScriptItem[];
}

const page = { "index.html": bakeryPage, "style.css": bakeryStyles, "main.js": bakeryCode };
const read = (file_path: string) => call("read_file", { file_path });
const edit = (file_path: string, ...edits: { search: string; replace: string }[]) => call("edit_file", { file_path, edits });
const run = (command: string) => call("run_command", { command });
const confirmation = "result.textContent = `One loaf for ${name.value}`;";

export const tasks: readonly Task[] = [
  {
    agent: "tesslate-agent",
    message: "Let people choose how many loaves they reserve, at most six.",
    files: page,
    answers: [
      turn(
        say("I'll read the page and its script, then add the field."),
        call("todo_write", {
          todos: [
            { content: "Read the form and its script", status: "in_progress" },
            { content: "Add the number of loaves", status: "pending" },
            { content: "Check the script", status: "pending" },
          ],
        }),
      ),
      parallel(read("index.html"), read("main.js")),
      turn(
        say("The form has a name only. A number field with limits fits before the button."),
        parallel(
          edit("index.html", {
            search: '<button id="order"',
            replace: '<label>Loaves <input id="count" type="number" min="1" max="6" value="1" /></label>\n        <button id="order"',
          }),
          edit(
            "main.js",
            {
              search: `  ${confirmation}`,
              replace:
                '  const loaves = Math.min(6, Math.max(1, Math.trunc(count.valueAsNumber) || 1));\n  result.textContent = `${loaves === 1 ? "One loaf" : `${loaves} loaves`} for ${name.value}`;',
            },
            { search: "const result =", replace: 'const count = document.querySelector("#count");\nconst result =' },
          ),
        ),
      ),
      turn(say("The script should still be valid."), run("node --check main.js && grep -n 'count' index.html main.js")),
      call("todo_write", {
        todos: [
          { content: "Read the form and its script", status: "completed" },
          { content: "Add the number of loaves", status: "completed" },
          { content: "Check the script", status: "completed" },
        ],
      }),
      say(
        "People can now reserve one to six loaves. Other numbers are brought into that range, also when someone types them. I checked the syntax of the script, not the look on a phone.",
      ),
    ],
  },
];
