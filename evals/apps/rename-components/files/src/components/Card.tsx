import { Badge } from "./Badge";

export interface CardProps {
  label: string;
  price: string;
  isNew?: boolean;
}

export function Card({ label, price, isNew = false }: CardProps) {
  return (
    <article className="rounded border border-stone-500 p-4">
      <h2 className="font-semibold">
        {label} {isNew && <Badge text="New" />}
      </h2>
      <p>{price}</p>
    </article>
  );
}
