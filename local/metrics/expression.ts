/**
 * Metric math for one period: numbers, metrics by their ids, arithmetic, comparisons, `IF`, `FILL` and `SUM(METRICS())`.
 * @see Amazon CloudWatch user guide, "Using metric math": a value that is missing makes a missing value, and a division by zero too
 */

/** By the id of each metric; a metric without a number in this period has none. */
export type Scope = ReadonlyMap<string, number | undefined>;
export type Expression = (scope: Scope) => number | undefined;

type Binary = (left: number, right: number) => number | undefined;
/** The loosest first. */
const LEVELS: readonly Readonly<Record<string, Binary>>[] = [
  {
    '>=': (a, b) => Number(a >= b),
    '<=': (a, b) => Number(a <= b),
    '==': (a, b) => Number(a === b),
    '!=': (a, b) => Number(a !== b),
    '>': (a, b) => Number(a > b),
    '<': (a, b) => Number(a < b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => (b === 0 ? undefined : a / b) },
];

const TOKEN = /\s*(>=|<=|==|!=|[-+*/<>(),]|\d+(?:\.\d+)?|[A-Za-z]\w*)/y;

/** @throws Error for what is none, or is not known here, with its text */
export function readExpression(text: string): Expression {
  const tokens = tokensOf(text);
  let at = 0;
  const refuse = (): never => {
    throw new Error(`the expression ${text} cannot be read at ${tokens[at] ?? 'its end'}`);
  };
  const take = (expected: string): void => {
    if (tokens[at] !== expected) refuse();
    at += 1;
  };

  function level(depth: number): Expression {
    const operators = LEVELS[depth];
    if (operators === undefined) return operand();
    let left = level(depth + 1);
    for (;;) {
      const name = tokens[at] ?? '';
      const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
      if (operator === undefined) return left;
      at += 1;
      left = both(left, level(depth + 1), operator);
    }
  }

  function operand(): Expression {
    const token = tokens[at] ?? refuse();
    at += 1;
    if (token === '(') {
      const inner = level(0);
      take(')');
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (tokens[at] !== '(') return /^[a-z]/.test(token) ? (scope) => scope.get(token) : refuse();
    return call(token);
  }

  function call(name: string): Expression {
    take('(');
    if (name === 'SUM') {
      for (const expected of ['METRICS', '(', ')', ')']) take(expected);
      return sum;
    }
    const given = [level(0)];
    while (tokens[at] === ',') {
      at += 1;
      given.push(level(0));
    }
    take(')');
    return applied(name, given) ?? refuse();
  }

  const whole = level(0);
  return at === tokens.length ? whole : refuse();
}

function tokensOf(text: string): string[] {
  const found: string[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.trimEnd().length) {
    const [, token] = pattern.exec(text) ?? [];
    if (token === undefined) throw new Error(`the expression ${text} has a character that is not known here`);
    found.push(token);
  }
  return found;
}

function both(left: Expression, right: Expression, operator: Binary): Expression {
  return (scope) => {
    const [a, b] = [left(scope), right(scope)];
    return a === undefined || b === undefined ? undefined : operator(a, b);
  };
}

function applied(name: string, [first, second, third]: readonly Expression[]): Expression | undefined {
  if (first === undefined || second === undefined) return undefined;
  if (name === 'FILL') return (scope) => first(scope) ?? second(scope);
  if (name !== 'IF' || third === undefined) return undefined;
  return (scope) => {
    const condition = first(scope);
    if (condition === undefined) return undefined;
    return condition === 0 ? third(scope) : second(scope);
  };
}

const sum: Expression = (scope) => {
  const there = [...scope.values()].filter((value) => value !== undefined);
  return there.length === 0 ? undefined : there.reduce((total, value) => total + value, 0);
};
