// The instructions of the machine. R is a register of the running function, K a constant; an operand written RK is a register when it is not negative, else
// the constant ~operand. `top` is the end of a list of values whose length is known at run time only.

/** R[a] = R[b] */
export const MOVE = 0;
/** R[a] = K[b] */
export const LOADK = 1;
/** R[a] .. R[a+b-1] = nil */
export const LOADNIL = 2;
/** R[a] = b != 0 */
export const LOADBOOL = 3;
/** R[a] = value of box b of the closure */
export const GETUP = 4;
/** value of box a of the closure = RK[b] */
export const SETUP = 5;
/** R[a] = a new box with RK[b] */
export const NEWBOX = 6;
/** R[a] = value of the box in R[b] */
export const GETBOX = 7;
/** value of the box in R[a] = RK[b] */
export const SETBOX = 8;
/** R[a] = environment[K[b]] */
export const GETGLOBAL = 9;
/** environment[K[a]] = RK[b] */
export const SETGLOBAL = 10;
/** R[a] = R[b][RK[c]] */
export const GETTABLE = 11;
/** R[a] = R[b][K[c]], a string */
export const GETFIELD = 12;
/** R[a][RK[b]] = RK[c] */
export const SETTABLE = 13;
/** R[a][K[b]] = RK[c], a string */
export const SETFIELD = 14;
/** R[a+1] = R[b]; R[a] = R[b][K[c]] */
export const SELF = 15;
/** R[a] = {} */
export const NEWTABLE = 16;
/** R[a][b ..] = R[a+1] .. R[a+c], or up to top when c < 0 */
export const SETLIST = 17;
/** R[a] = RK[b] op RK[c] */
export const ADD = 18;
export const SUB = 19;
export const MUL = 20;
export const DIV = 21;
export const MOD = 22;
export const POW = 23;
/** R[a] = op RK[b] */
export const UNM = 24;
export const NOT = 25;
export const LEN = 26;
/** R[a] = R[b] .. ... .. R[c] */
export const CONCAT = 27;
/** continue at c; only this one and the end of for loops lead backwards */
export const JMP = 28;
/** continue at c when R[a] is false or nil */
export const JF = 29;
/** continue at c when it is neither */
export const JT = 30;
/** continue at c when RK[a] op RK[b], and the same when not */
export const JEQ = 31;
export const JNE = 32;
export const JLT = 33;
export const JNLT = 34;
export const JLE = 35;
export const JNLE = 36;
/** call R[a] with b arguments from R[a+1] on (up to top when b < 0); its results into R[a] .., c of them, all up to a new top when c < 0 */
export const CALL = 37;
/** the same in place of the running function when R[a] is a Lua function, and c < 0; a RETURN follows for others */
export const TAILCALL = 38;
/** return b values from R[a] on, up to top when b < 0 */
export const RETURN = 39;
/** R[a] .. = c varargs, all up to a new top when c < 0 */
export const VARARG = 40;
/** R[a] = closure of proto b */
export const CLOSURE = 41;
/** checks R[a] (start), R[a+1] (limit), R[a+2] (step); continues at c, the FORLOOP */
export const FORPREP = 42;
/** R[a] += R[a+2], when within the limit R[a+3] = R[a] and on at c */
export const FORLOOP = 43;
/** R[a+3] .. = R[a](R[a+1], R[a+2]), b of them; the TFORLOOP follows */
export const TFORCALL = 44;
/** R[a+3] is nil: go on; else R[a+2] = R[a+3] and on at c */
export const TFORLOOP = 45;
