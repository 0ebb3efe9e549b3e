/** The product's mark: a bead on the thread. */
export const Mark = ({ size = 20 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
    <path d="M10 1v18" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    <rect x="6" y="6" width="8" height="8" rx="1.2" transform="rotate(45 10 10)" className="fill-brand" />
  </svg>
);
