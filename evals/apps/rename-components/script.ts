import { call, defineScript, read, run } from "../../src/script.ts";

export default defineScript([
  {
    calls: [
      call("grep", { pattern: "Card|label", path: "src" }),
      ...read("src/components/Card.tsx", "src/components/CardList.tsx", "src/shop/Home.tsx", "src/shop/Offers.tsx"),
    ],
  },
  {
    calls: run(
      [
        "mkdir -p src/features/products",
        "mv src/components/Card.tsx src/features/products/ProductCard.tsx",
        "mv src/components/CardList.tsx src/features/products/ProductList.tsx",
        "sed -i -E 's/\\bCardList\\b/ProductList/g; s/\\bCardProps\\b/ProductCardProps/g; s/\\bCard\\b/ProductCard/g; s/\\blabel\\b/title/g' src/features/products/*.tsx src/shop/*.tsx",
        "sed -i 's#\\./Badge#../../components/Badge#' src/features/products/ProductCard.tsx",
        "sed -i 's#\\.\\./components/Product#../features/products/Product#' src/shop/*.tsx",
      ].join(" && "),
    ),
  },
  { calls: run("npx tsc --noEmit && grep -rnwE 'Card|CardList|label' src || true") },
  { text: "ProductCard and ProductList are in src/features/products, and nothing uses the old names." },
]);
