export { createPreparation, type Preparation } from "./preparation.service.ts";
