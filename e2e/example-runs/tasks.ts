/** What each official agent is asked, in which project, and what the scripted model answers. */
import { call, parallel, say, turn, type ScriptItem } from "@tesslate/testkit";
import { bakeryCode, bakeryPage, bakeryStyles } from "../bakery.ts";
import {
  api,
  apiTest,
  app,
  appWithHero,
  behaviorTest,
  button,
  classNames,
  client,
  clientTest,
  manifest,
  openapi,
  orders,
  prices,
  pricesTest,
  rating,
  reactManifest,
  readme,
  schema,
  schemaCheck,
} from "./sources.ts";

interface Task {
  agent: string;
  message: string;
  files: Record<string, string>;
  answers: ScriptItem[];
  /** How many calls fail as part of the task, such as a test that shows a bug. Default 0. */
  fails?: number;
}

const page = { "index.html": bakeryPage, "style.css": bakeryStyles, "main.js": bakeryCode };
const read = (file_path: string) => call("read_file", { file_path });
const write = (file_path: string, content: string) => call("write_file", { file_path, content });
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
  {
    agent: "stream-builder",
    message: "Give the start page a hero with a button to the menu.",
    files: { "src/App.tsx": app, "src/components/ui/button.tsx": button, "src/lib/utils.ts": classNames },
    // This agent has no tools: it sees the files and writes changed ones whole, in one reply.
    answers: [
      say(`The start page gets a hero, and its button leads to the menu below.

\`\`\`tsx
// File: src/App.tsx
${appWithHero}\`\`\``),
    ],
  },
  {
    agent: "react-component-builder",
    message: "I need a star rating that works with the keyboard.",
    files: {
      "package.json": reactManifest,
      "src/App.tsx": app,
      "src/components/ui/button.tsx": button,
      "src/lib/utils.ts": classNames,
    },
    answers: [
      turn(
        say("I'll look at the components and packages of the project first."),
        parallel(call("glob", { pattern: "src/**/*.tsx" }), read("src/components/ui/button.tsx"), read("package.json")),
      ),
      turn(
        say(
          "The project has no icon library, so the stars are characters. Radio buttons support the arrow keys and screen readers without extra code.",
        ),
        write("src/components/ui/rating.tsx", rating),
      ),
      turn(
        say("Next, whether I can compile it."),
        run("test -x node_modules/.bin/tsc && npx tsc --noEmit || echo 'No TypeScript compiler is installed.'"),
      ),
      say(
        "I added `Rating` in `src/components/ui/rating.tsx`. It has a label for screen readers, works with a click and with the arrow keys, and needs no new package. The project has no TypeScript compiler, so I did not compile it, and no page shows it yet.",
      ),
    ],
  },
  {
    agent: "api-integration-agent",
    message: "Read what is left today from our stock service. It is often slow, and sometimes down.",
    files: {
      "package.json": manifest,
      "docs/stock.md":
        'GET /stock answers an object from product to pieces left, e.g. {"rye": 4}.\nAt most 10 requests a minute, then 429 with Retry-After in seconds.\n',
    },
    answers: [
      turn(say("I'll read how the service answers."), parallel(read("docs/stock.md"), call("list_dir", {}))),
      turn(
        say(
          "Reading the stock is safe to repeat. I'll write a client with a timeout, two retries and a check of the answer, and tests against a local server.",
        ),
        parallel(write("stock.js", client), write("stock.test.js", clientTest)),
      ),
      run("npm test"),
      say(
        "`readStock` returns the stock or throws a `StockError` that is `offline`, `limited` or `broken`, so the page can say which. Each request takes five seconds at most, and a longer Retry-After is not shortened: the call ends as `limited`. All six tests pass against a local server. I did not call the real service.",
      ),
    ],
  },
  {
    agent: "react-agent",
    message: "An order of three breads costs 13.59, our till says 15.10. Which is right?",
    files: { "package.json": manifest, "prices.js": prices },
    answers: [
      turn(
        say(
          "I know the two totals, but not how the first is calculated. Searching the code that adds prices will show whether it skips an item or subtracts something.",
        ),
        call("grep", { pattern: "total|sum", glob: "*.js" }),
      ),
      turn(
        say(
          "There are two explanations: a wrong price, or the factor 0.9 after the loop. 15.10 times 0.9 is 13.59, which supports the second. Calculating both totals decides it.",
        ),
        run(
          `node -e 'import("./prices.js").then(({ prices, total }) => { const order = Object.keys(prices).map((item) => ({ item, count: 1 })); console.log("sum", Object.values(prices).reduce((a, b) => a + b), "total", total(order)); })'`,
        ),
      ),
      turn(
        say(
          "The prices add up to 15.10, and orders of three lines get a discount. I do not know yet whether you want that discount. A search for it in the project may tell.",
        ),
        call("grep", { pattern: "discount|10 ?%|percent", ignore_case: true }),
      ),
      say(
        "The till is right, unless you want to give a discount. The prices add up to 15.10; `prices.js` takes ten percent off every order with three or more lines, and nothing in the project mentions a discount. I changed nothing. Shall I remove the line `if (order.length > 2)`?",
      ),
    ],
  },
  {
    agent: "code-analyzer-oss",
    message: "Review how we store orders.",
    files: { "package.json": manifest, "orders.js": orders, "orders.json": "[]\n" },
    answers: [
      turn(
        say("I'll read the module and look for its callers."),
        parallel(read("orders.js"), call("grep", { pattern: "saveOrder|findOrder|receipt" })),
      ),
      turn(
        say("The receipt seems to put names into HTML without escaping. I'll try it on a copy, so that your orders stay as they are."),
        run(
          `copy=$(mktemp -d) && cp package.json orders.js orders.json "$copy" && cd "$copy" && node -e 'import("./orders.js").then(({ findOrder, receipt, saveOrder }) => { saveOrder({ name: "<img src=x onerror=alert(1)>" }); console.log(receipt(findOrder(1))); })'`,
        ),
      ),
      say(`1. **Lost orders** (\`orders.js:6–8\`, serious). If two processes save at the same time, both read the same list and the second write drops the first order. A process that stops while it writes leaves half a file, and no order can be read after that. Use a database; until then, write to a temporary file and rename it.
2. **Script in receipts** (\`orders.js:16\`, serious). A name becomes HTML as it is: the run above printed a working \`<img onerror>\`. Escape \`&\`, \`<\`, \`>\` and quotes.
3. **Repeated ids** (\`orders.js:7\`, medium). After an order is deleted, \`orders.length + 1\` is an id that is already in use. Take the highest id plus one.
4. **Question:** \`findOrder\` does not check whose order it is, and I found no caller in this project. Does the code that calls it check that?

I changed nothing.`),
    ],
  },
  {
    agent: "doc-writer-oss",
    message: "Write a README for someone who takes this over.",
    files: page,
    answers: [
      turn(
        say("I'll read the project first, so that the README says only what the code does."),
        parallel(call("list_dir", { depth: 2 }), read("index.html"), read("main.js"), read("README.md")),
      ),
      turn(
        say("Two things to check: whether the form sends anything, and whether a plain web server is enough."),
        run(`grep -n 'fetch\\|action=\\|method=' index.html main.js || echo 'It sends nothing.'
python3 -m http.server 8123 > /dev/null 2>&1 & server=$!
for try in 1 2 3 4 5 6 7 8 9 10; do curl -sf -o /dev/null http://localhost:8123/ && break; sleep 0.5; done
curl -s http://localhost:8123/ | grep '<title>'; kill $server`),
      ),
      write("README.md", readme),
      say(
        "The README says what the page is, how to run it, what each file contains and what to know before you deploy it. I ran the command in it. The most important fact for a new owner: reservations are not sent anywhere yet.",
      ),
    ],
  },
  {
    agent: "refactor-assistant-oss",
    message: "Simplify prices.js, but change no result.",
    files: { "package.json": manifest, "prices.js": prices },
    answers: [
      turn(say("The project has no tests yet. I'll add some first, so that a changed result shows."), read("prices.js")),
      write("prices.test.js", behaviorTest),
      run("npm test"),
      turn(
        say("All five pass with the code as it is. Now the loop becomes one expression, and the discount gets a name."),
        edit(
          "prices.js",
          {
            search: `  let sum = 0;
  for (const line of order) sum += prices[line.item] * line.count;
  if (order.length > 2) sum = sum * 0.9;
  return sum;`,
            replace: `  const sum = order.reduce((cents, { item, count }) => cents + prices[item] * count, 0);
  return order.length >= discount.fromLines ? sum * discount.factor : sum;`,
          },
          { search: "\nexport function total", replace: "\nconst discount = { fromLines: 3, factor: 0.9 };\n\nexport function total" },
          { search: 'return (cents / 100).toFixed(2) + " €";', replace: "return `${(cents / 100).toFixed(2)} €`;" },
        ),
      ),
      run("npm test"),
      say(
        "The discount is now defined in one place, and the sum is one line. The same five tests pass before and after. One thing I left: `total` can return fractions of a cent, and rounding would change results.",
      ),
    ],
  },
  {
    agent: "test-generator-oss",
    message: "Write tests for prices.js.",
    files: { "package.json": manifest, "prices.js": prices },
    fails: 1,
    answers: [
      turn(say("I'll read the code and find out which test runner you use."), parallel(read("prices.js"), read("package.json"))),
      turn(
        say(
          "You use Node's test runner, so I need no new package. I expect one test to fail: an item that you do not sell should be refused.",
        ),
        write("prices.test.js", pricesTest),
      ),
      run("npm test"),
      turn(
        say("It fails, and it shows a bug: the total of an unknown item is `NaN`. I keep the test and mark it as a known bug."),
        edit("prices.test.js", {
          search: 'test("an item that is not sold is refused", () =>',
          replace: '// Known bug: the total is NaN.\ntest("an item that is not sold is refused", { todo: true }, () =>',
        }),
      ),
      turn(
        say("Now I break the discount for a moment to see that a test notices, and restore it."),
        run(
          "cp prices.js /tmp/prices.js && sed -i 's/order.length > 2/order.length > 1/' prices.js && npm test | grep -E '(pass|fail|todo) [0-9]'; cp /tmp/prices.js prices.js; echo restored; npm test | grep -E '(pass|fail|todo) [0-9]'",
        ),
      ),
      say(
        "Seven tests cover prices, the discount, empty orders and the format. One shows a bug and is marked `todo`: an item that is not sold makes the total `NaN`. I did not fix it. When I broke the discount, a test failed.",
      ),
    ],
  },
  {
    agent: "api-designer-oss",
    message: "Design and build an API for orders. People see only their own.",
    files: { "package.json": manifest },
    answers: [
      turn(say("I'll start with the contract: three routes, and every order belongs to one person."), write("openapi.yaml", openapi)),
      turn(
        say("Now the routes, with limits on what they accept, and tests for each."),
        parallel(write("api.js", api), write("api.test.js", apiTest)),
      ),
      run("npm test"),
      say(
        "Three routes are described in `openapi.yaml` and built in `api.js`: create an order, list orders with pages, get an order. Somebody else's order is a 404, exactly like one that does not exist; wrong fields are a 422 with a code. All tests pass. Orders are kept in memory and are lost on a restart: the next step is a database.",
      ),
    ],
  },
  {
    agent: "db-schema-designer-oss",
    message: "Design the tables for orders with pick-up times.",
    files: {},
    answers: [
      turn(
        say(
          "The app lists a customer's orders, newest first. An order must never refer to a missing product or customer, and a price change must not change old orders.",
        ),
        write("migrations/0001_orders.sql", schema),
      ),
      turn(say("I'll check that the database refuses what must not happen."), write("check_schema.py", schemaCheck)),
      run("python3 check_schema.py"),
      say(`| table | contents | rule |
|---|---|---|
| \`customers\` | people | one row per email |
| \`products\` | what you sell | prices in cents |
| \`orders\` | who picks up when | the pick-up is after the order |
| \`order_lines\` | products and counts | keeps the price of the day |

SQLite refused all five wrong changes, and listing a customer's orders uses the index. On PostgreSQL, make the times \`timestamptz\` and the ids identity columns.`),
    ],
  },
];
