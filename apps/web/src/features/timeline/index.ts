export { diffQuery, pointsQuery } from "./timeline.queries.ts";
