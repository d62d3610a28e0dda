local function f(...) return select('#', ...), ... end
print(f(), (f(1, nil, nil)))
print(f(1, 2), f(3))
local function va(...) local a, b = ... return a, b, ... end
print(va(1)); print(va(1, 2, 3))
function old(a, ...) return a, arg.n, arg[1], arg[2] end
print(old(1, 2, 3)); print(old())
function uses(...) return arg, ... end
print(uses(1))
local function t(...) return {...}, {n = 1, ...}, {..., 1} end
local a, b, c = t(1, 2, 3)
print(#a, #b, #c, c[1], c[2])
-- closures
local fs = {}
for i = 1, 3 do fs[i] = function() i = i + 1; return i end end
print(fs[1](), fs[1](), fs[2](), fs[3]())
local function counter() local n = 0; return function() n = n + 1; return n end, function() return n end end
local inc, get = counter(); inc(); inc(); print(get())
local gs = {}
local k = 1
while k <= 3 do local j = k; gs[k] = function() j = j + 10; return j end; k = k + 1 end
print(gs[1](), gs[2](), gs[3](), gs[1]())
local hs = {}
local n = 0
repeat local m = n; hs[#hs + 1] = function() return m end; n = n + 1 until m >= 2
print(hs[1](), hs[2](), hs[3]())
-- recursion and tail calls
local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end
print(fact(10), fact(20))
local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + 1) end
print(loop(100000, 0))
local function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(pcall(even, 11))
-- methods
local obj = {v = 5}
function obj:get(x) return self.v + (x or 0) end
function obj.new(v) return setmetatable({v = v}, {__index = obj}) end
print(obj:get(), obj:get(2), obj.new(7):get(1))
local s = "hello"
print(s:upper(), ("x"):rep(3), s:len(), #s, s:sub(2, 3), ("%d"):format(3))
function a_b_c() end
local m = {a = {b = {}}}
function m.a.b.f(x) return x end
function m.a.b:g(x) return self == m.a.b, x end
print(m.a.b.f(1), m.a.b:g(2))
print((function(a, b, c) return a, b, c end)(1))
print(pcall(function(...) return ... end, 1, nil, 3))
local up = 1
local function nest() return function() return function() up = up + 1 return up end end end
print(nest()()(), up)
print(type(f), f == f, f == va)
local function multi() return 1, 2, 3 end
local tt = {multi(), multi()}
print(#tt); tt = {multi(), (multi())}; print(#tt); tt = {(multi())}; print(#tt)
print(multi(), multi()); print((multi()))
print(math.max(multi()), string.char(65, 66, multi()))
local big = {}
for i = 1, 300 do big[i] = i end
print(select('#', unpack(big)), #{unpack(big)}, (select(300, unpack(big))))
print(string.format("%s %s", "a", "b", "extra"))
-- shadowing a captured parameter
local function p(x) local g = function() return x end; x = x * 2; return g() end
print(p(4))
local function q(x) do local x = x + 1; local h = function() x = x + 1 return x end; h() return h() end end
print(q(1))
