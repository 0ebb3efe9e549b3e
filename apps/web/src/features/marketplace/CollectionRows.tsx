import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import type { StoreCollection } from "@tesslate/contract";
import { ItemCard } from "./ItemCard.tsx";
import { collectionsQuery } from "./store.queries.ts";

/** The collections on the front page of the store. Shows nothing without any or if loading fails, since the page works without them. */
export function CollectionRows() {
  const { data = [] } = useQuery(collectionsQuery);
  return data.map((collection) => <CollectionRow key={collection.id} collection={collection} />);
}

function CollectionRow({ collection: { title, description, items } }: { collection: StoreCollection }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="mt-6">
      <h2 id={id} className="text-md">
        {title}
      </h2>
      {description ? <p className="mt-0.5 max-w-[80ch] text-sm text-fg-2">{description}</p> : null}
      {/* The links in it scroll it into view. */}
      <ul role="list" className="scroll-x mt-2.5 flex snap-x gap-3 pb-2">
        {items.map((item) => (
          <li key={item.id} className="grid w-70 flex-none snap-start">
            <ItemCard item={item} heading="h3" />
          </li>
        ))}
      </ul>
    </section>
  );
}
