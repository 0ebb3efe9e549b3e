export { abilitySentences } from "./abilities.ts";
export { ItemCard, ItemCardSkeletons } from "./ItemCard.tsx";
export { ItemIcon } from "./ItemIcon.tsx";
export { categoryName, marketplaceSearch, type ItemType } from "./marketplace-search.ts";
export {
  agentQuery,
  baseQuery,
  browseQuery,
  itemsPerPage,
  picksQuery,
  storeTypes,
  useAcquire,
  useMarketplaceChanged,
  useRemoveFromLibrary,
} from "./marketplace.queries.ts";
export { SubmitBaseDialog } from "./on-demand.ts";
export { priceOf } from "./price.ts";
export { Rating } from "./Stars.tsx";
export { UseBaseDialog } from "./UseBaseDialog.tsx";
