import { Card, type CardProps } from "./Card";

export function CardList({ cards }: { cards: readonly CardProps[] }) {
  return (
    <div className="mt-4 grid gap-4">
      {cards.map((card) => (
        <Card key={card.label} {...card} />
      ))}
    </div>
  );
}
