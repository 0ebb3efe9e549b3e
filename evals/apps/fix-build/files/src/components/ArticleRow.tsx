import { formatPrice, type Article } from "../lib/price";

export function ArticleRow({ article, onAdd }: { article: Article; onAdd: () => void }) {
  const total: string = article.cents * article.quantity;
  return (
    <li className="flex items-center gap-4">
      <span className="flex-1">
        {article.quantity} × {article.name}
      </span>
      <span>{formatPrice(total)}</span>
      <button type="button" aria-label={`Add ${article.name}`} onClick={onAdd} className="rounded border border-stone-500 px-3 py-1">
        Add
      </button>
    </li>
  );
}
