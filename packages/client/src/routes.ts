import { contract } from "@tesslate/contract";
import { wireRoutesOf } from "./wire-routes.ts";

/** Every route of the API. The build replaces this module by its value, so that the contract's schemas are not shipped. */
export const routes = wireRoutesOf(contract);
