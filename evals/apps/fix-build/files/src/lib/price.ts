export interface Article {
  name: string;
  cents: number;
  quantity: number;
}

export const formatPrice = (cents: number): string => `€${(cents / 100).toFixed(2)}`;

export const sumOf = (articles: readonly Article[]): number => articles.reduce((sum, { cents, quantity }) => sum + cents * quantity, 0);
