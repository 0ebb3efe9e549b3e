/** The screenshots of an agent in a row that scrolls; each opens in full size. */
export function Screenshots({ name, urls }: { name: string; urls: readonly string[] }) {
  if (urls.length === 0) return null;
  return (
    <ul role="list" aria-label="Screenshots" className="scroll-x mt-6 flex snap-x gap-3 pb-2">
      {urls.map((url, index) => (
        <li key={url} className="flex-none snap-start">
          <a href={url} target="_blank" rel="noopener" aria-label={`Screenshot ${index + 1} of ${name}`} className="block rounded-3">
            <img
              src={url}
              alt=""
              loading="lazy"
              className="h-64 w-auto max-w-[80vw] rounded-3 border border-line-0 object-contain narrow:h-48"
            />
          </a>
        </li>
      ))}
    </ul>
  );
}
