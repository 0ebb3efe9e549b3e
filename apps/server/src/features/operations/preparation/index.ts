export { mountPreparation } from "./preparation.routes.ts";
