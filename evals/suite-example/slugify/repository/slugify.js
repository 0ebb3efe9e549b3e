/** The part of an address that stands for a title. */
export function slugify(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 ]/g, "")
    .replaceAll(" ", "-");
}
