export { createPreparation, type Preparable, type Prepared, type Preparation } from "./preparation.service.ts";
