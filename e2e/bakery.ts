import { createProject, finished, type Account } from "./account.ts";

/** The page of a bakery, as a project of the template "Static site". */
export const bakeryPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Alder Street Bakery</title>
    <link rel="stylesheet" href="style.css" />
  </head>
  <body>
    <main>
      <p class="place">Alder Street 12</p>
      <h1>Alder Street Bakery</h1>
      <p>Sourdough, rye and buns, baked every morning. Order before six in the evening and pick up from seven.</p>
      <ul>
        <li><span>Sourdough loaf</span> <b>6.80</b></li>
        <li><span>Rye bread</span> <b>5.40</b></li>
        <li><span>Cinnamon bun</span> <b>2.90</b></li>
      </ul>
      <form>
        <label>Your name <input id="name" autocomplete="off" /></label>
        <button id="order" type="button">Reserve</button>
      </form>
      <p id="result" role="status"></p>
    </main>
    <script type="module" src="main.js"></script>
  </body>
</html>
`;

export const bakeryStyles = `body {
  margin: 0;
  background: #faf6ef;
  color: #2b2018;
  font: 17px/1.6 system-ui, sans-serif;
}
main {
  max-width: 34rem;
  margin: 0 auto;
  padding: 4rem 1.5rem;
}
.place {
  margin: 0;
  color: #8a5a2b;
}
h1 {
  margin: 0.25rem 0 1rem;
  font-size: 2.5rem;
  line-height: 1.1;
}
ul {
  margin: 2rem 0;
  padding: 0;
  list-style: none;
}
li {
  display: flex;
  justify-content: space-between;
  padding: 0.5rem 0;
  border-bottom: 1px solid #e5dac8;
}
input,
button {
  padding: 0.5rem 0.9rem;
  border: 1px solid #c9b99f;
  border-radius: 0.5rem;
  font: inherit;
}
button {
  border-color: #8a4b12;
  background: #8a4b12;
  color: #fff;
}
`;

export const bakeryCode = `const name = document.querySelector("#name");
const result = document.querySelector("#result");
document.querySelector("#order").addEventListener("click", () => {
  result.textContent = \`One loaf for \${name.value}\`;
});
`;

/** Creates the bakery's project and starts it. */
export async function createBakery({ api, ...account }: Account) {
  const project = await createProject({ api, ...account }, "Alder Street Bakery", "static");
  const params = { id: project.id };
  const files = { "index.html": bakeryPage, "style.css": bakeryStyles, "main.js": bakeryCode };
  for (const [path, content] of Object.entries(files)) await api.files.put({ params: { ...params, path }, body: { content } });
  await finished(api, (await api.projects.start({ params })).task_id);
  return project;
}
