import manifest from "../../../package.json" with { type: "json" };

/** The version of the product: one for the whole repository. */
export const version = manifest.version;
