import { useState } from "react";
import { ArticleRow } from "./components/ArticleRow";
import { formatPrice, totalOf } from "./lib/prices";

const start = [
  { name: "Rye bread", cents: 420, quantity: 2 },
  { name: "Croissant", cents: 190, quantity: 5 },
];

export default function App() {
  const [articles, setArticles] = useState(start);
  const add = (name: string) =>
    setArticles(articles.map((article) => (article.name === name ? { ...article, quantity: article.quantity + 1 } : article)));

  return (
    <main className="mx-auto max-w-xl px-6 py-16">
      <h1 className="text-3xl font-semibold">Order</h1>
      <ul className="mt-6 space-y-2">
        {articles.map((article) => (
          <ArticleRow key={article.name} article={article} onAdd={() => add(article.name)} />
        ))}
      </ul>
      <p className="mt-6 font-semibold">Total: {formatPrice(totalOf(articles))}</p>
    </main>
  );
}
