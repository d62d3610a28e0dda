local V = {}
V.__index = V
local function new(x) return setmetatable({x = x}, V) end
local function val(v) return type(v) == "table" and v.x or v end
for _, op in ipairs{"add", "sub", "mul", "div", "mod", "pow", "concat"} do
  V["__" .. op] = function(a, b) return op .. "(" .. tostring(val(a)) .. "," .. tostring(val(b)) .. ")" end
end
V.__unm = function(a) return "unm(" .. a.x .. ")" end
V.__eq = function(a, b) return a.x == b.x end
V.__lt = function(a, b) return a.x < b.x end
V.__le = function(a, b) return a.x <= b.x end
V.__call = function(self, ...) return "call", self.x, ... end
V.__tostring = function(a) return "V(" .. a.x .. ")" end
V.__len = function() return 99 end
local a, b = new(1), new(2)
print(a + b, a - 1, 2 * b, a / b, a % b, a ^ 2, -a, a .. b, a .. "s", "s" .. a, 1 .. a)
print(a == b, a == new(1), a ~= b, a < b, a <= b, a > b, a >= b)
print(a(1, 2), #a, tostring(a))
print("x" .. "y" .. a .. "z")
-- __index chains
local base = {foo = "foo"}
local mid = setmetatable({bar = "bar"}, {__index = base})
local top = setmetatable({}, {__index = mid})
print(top.foo, top.bar, top.none)
local log = {}
local proxy = setmetatable({}, {__index = function(t, k) return k .. "!" end, __newindex = function(t, k, v) rawset(t, k, v * 2) end})
print(proxy.abc, proxy[1]); proxy.x = 5; print(proxy.x); proxy.x = 7; print(proxy.x)
local target = {}
local fwd = setmetatable({}, {__newindex = target})
fwd.a = 1; print(rawget(fwd, "a"), target.a)
-- __lt used for <=
local L = {__lt = function(a, b) return a.v < b.v end}
local p, q = setmetatable({v = 1}, L), setmetatable({v = 2}, L)
print(p <= q, q <= p, p >= q)
print(getmetatable("x").__index == string, getmetatable(a) == V)
local locked = setmetatable({}, {__metatable = "no"})
print(getmetatable(locked), pcall(setmetatable, locked, {}))
print(rawequal(a, new(1)), rawequal(a, a), rawget(top, "foo"))
string.trim = function(s) return (s:gsub("^%s+", ""):gsub("%s+$", "")) end
print(("[" .. ("  hi "):trim() .. "]"))
print(pcall(function() return p == q, p ~= q end))
local c1 = setmetatable({}, {__call = function(self, x) return x end})
print(pcall(c1, 5))
local dflt = setmetatable({}, {__index = function() return 0 end})
dflt.n = dflt.n + 1; dflt.n = dflt.n + 1; print(dflt.n)
print(pcall(function() local t = setmetatable({}, {__index = function(t, k) error("no " .. k, 2) end}); return t.x end))
setmetatable(_G, {__index = function(_, k) return "G:" .. k end})
print(undefinedthing)
setmetatable(_G, {__newindex = function(t, k, v) rawset(t, k, v) end})
newglobal = 1; print(newglobal)
setmetatable(_G, nil)
local mt = {__concat = function(l, r) return "C" end}
print(setmetatable({}, mt) .. nil == "C", pcall(function() return {} .. "x" end))
for k, v in setmetatable({}, {__call = function(_, s, c) c = (c or 0) + 1 if c < 3 then return c, c * c end end}) do print(k, v) end
