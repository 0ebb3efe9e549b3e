import { CardList } from "../components/CardList";

export function Home() {
  return (
    <>
      <h1 className="mt-6 text-3xl font-semibold">Bakery</h1>
      <CardList
        cards={[
          { label: "Rye bread", price: "€4.20", isNew: true },
          { label: "Croissant", price: "€1.90" },
        ]}
      />
    </>
  );
}
