/** Where the reader of the text that the server sent is: how far they scrolled, with the last heading above, and how far that is from the top. */
let place: { scrollTop: number; anchor: string | undefined; distance: number } | undefined;

function notePlace({ currentTarget }: Event): void {
  if (!(currentTarget instanceof Element)) return;
  const top = currentTarget.getBoundingClientRect().top;
  const heading = [...currentTarget.querySelectorAll("[id]")].findLast((one) => one.getBoundingClientRect().top <= top);
  place = {
    scrollTop: currentTarget.scrollTop,
    anchor: heading?.id,
    distance: heading ? heading.getBoundingClientRect().top - top : 0,
  };
}

/** A page of the help comes with its text (build/help-html.ts), which is read until the app takes over. Asking for its place then would lay it out again. */
export function watchSentPage(): void {
  document.querySelector("#sent-page main")?.addEventListener("scroll", notePlace, { passive: true });
}

/** Replaces the text by the page that the app has drawn, in one frame. The reader stays where they are, and keeps the focus and what they typed. */
export function removeSentPage(): void {
  const sent = document.getElementById("sent-page");
  if (!sent) return;
  const active = sent.contains(document.activeElement) ? document.activeElement : null;
  const typed = sent.querySelector<HTMLInputElement>("input[type=search]")?.value ?? "";
  sent.remove();

  const main = document.querySelector("#root main");
  if (main && place) {
    main.scrollTop = place.scrollTop;
    const heading = place.anchor === undefined ? null : document.getElementById(place.anchor);
    if (heading) main.scrollTop += heading.getBoundingClientRect().top - main.getBoundingClientRect().top - place.distance;
  }
  const box = main?.querySelector<HTMLInputElement>("input[type=search]");
  if (box && typed) {
    // As if it was typed there: React listens to the event, and takes no value that a script sets otherwise.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(box, typed);
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  if (active instanceof HTMLInputElement) box?.focus();
  else if (active instanceof HTMLAnchorElement) {
    const href = active.getAttribute("href") ?? "";
    const links = [...(main?.querySelectorAll("a") ?? [])];
    links.find((link) => link.getAttribute("href")?.endsWith(href))?.focus({ preventScroll: true });
  }
}
