export { abilitySentences } from "./abilities.ts";
export { cardGrid, ItemCard, ItemCardSkeletons } from "./ItemCard.tsx";
export { ItemIcon } from "./ItemIcon.tsx";
export { ItemThumbnail } from "./ItemCover.tsx";
export { categoryName, kinds, marketplaceSearch, type ItemType, type Kind } from "./marketplace-search.ts";
export {
  agentQuery,
  baseQuery,
  basesQuery,
  itemsQuery,
  itemsPerPage,
  picksQuery,
  recordedRunQuery,
  storeTypes,
  useAcquire,
  useMarketplaceChanged,
  useRemoveFromLibrary,
} from "./marketplace.queries.ts";
export { SubmitBaseDialog } from "./on-demand.ts";
export { priceOf } from "./price.ts";
export { Rating, StarRow } from "./Stars.tsx";
export { categoriesQuery, creatorItemsQuery, useCategoryName, useUpdateVersion } from "./store.queries.ts";
export { UseBaseDialog } from "./UseBaseDialog.tsx";
