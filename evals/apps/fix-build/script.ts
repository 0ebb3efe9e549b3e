import { defineScript, edit, read, run } from "../../src/script.ts";

export default defineScript([
  { calls: run("npm run build") },
  { text: "There are several causes.", calls: read("src/App.tsx", "src/components/ArticleRow.tsx", "src/lib/price.ts") },
  {
    calls: [
      edit("src/App.tsx", 'import { formatPrice, totalOf } from "./lib/prices";', 'import { formatPrice, sumOf } from "./lib/price";'),
      edit("src/App.tsx", "totalOf(articles)", "sumOf(articles)"),
      edit("src/components/ArticleRow.tsx", "const total: string =", "const total ="),
    ],
  },
  { calls: run("npm run build") },
  { text: "The build failed because of a wrong import, a renamed function and a wrong type. It succeeds now." },
]);
