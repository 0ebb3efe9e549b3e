export { servicesQuery } from "./canvas.queries.ts";
