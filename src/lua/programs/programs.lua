-- sieve
local N, primes = 100, {}
local composite = {}
for i = 2, N do if not composite[i] then primes[#primes + 1] = i for j = i * i, N, i do composite[j] = true end end end
print(table.concat(primes, " "))
-- queens
local function queens(n) local count, cols, d1, d2 = 0, {}, {}, {}
  local function place(r) if r > n then count = count + 1 return end
    for c = 1, n do if not cols[c] and not d1[r + c] and not d2[r - c] then cols[c], d1[r + c], d2[r - c] = true, true, true; place(r + 1); cols[c], d1[r + c], d2[r - c] = nil, nil, nil end end end
  place(1) return count end
print(queens(6))
-- class
local Animal = {}; Animal.__index = Animal
function Animal.new(name) return setmetatable({name = name}, Animal) end
function Animal:speak() return self.name .. " makes a sound" end
local Dog = setmetatable({}, {__index = Animal}); Dog.__index = Dog
function Dog.new(name) local d = Animal.new(name) return setmetatable(d, Dog) end
function Dog:speak() return Animal.speak(self) .. ": woof" end
print(Dog.new("Rex"):speak(), Animal.new("Cat"):speak())
-- json-like serializer
local function ser(v) if type(v) == "table" then local ks = {} for k in pairs(v) do ks[#ks + 1] = tostring(k) end table.sort(ks) local o = {} for _, k in ipairs(ks) do o[#o + 1] = k .. ":" .. ser(v[k] == nil and v[tonumber(k)] or v[k]) end return "{" .. table.concat(o, ",") .. "}" end return tostring(v) end
print(ser({1, 2, a = {b = {c = true}}, d = "x"}))
-- matrix
local function mul(a, b) local r = {} for i = 1, #a do r[i] = {} for j = 1, #b[1] do local s = 0 for k = 1, #b do s = s + a[i][k] * b[k][j] end r[i][j] = s end end return r end
local m = mul({{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}); print(m[1][1], m[1][2], m[2][1], m[2][2])
-- fibonacci with memo
local memo = setmetatable({}, {__index = function(t, n) local v = n < 2 and n or t[n - 1] + t[n - 2]; rawset(t, n, v); return v end}); print(memo[50])
-- string buffer, word count
local text = "the quick brown fox jumps over the lazy dog the end"; local counts, order = {}, {}
for word in text:gmatch("%a+") do if not counts[word] then order[#order + 1] = word end counts[word] = (counts[word] or 0) + 1 end
table.sort(order, function(a, b) if counts[a] ~= counts[b] then return counts[a] > counts[b] end return a < b end)
for i = 1, 3 do print(order[i], counts[order[i]]) end
-- linked list, closures, varargs
local list; for i = 1, 5 do list = {next = list, value = i} end
local l, out = list, {}; while l do out[#out + 1] = l.value; l = l.next end; print(unpack(out))
local function compose(...) local fs = {...} return function(x) for i = #fs, 1, -1 do x = fs[i](x) end return x end end
print(compose(function(x) return x + 1 end, function(x) return x * 2 end)(5))
local function curry(f, n) n = n or 2 if n < 2 then return f end local function helper(args, k) return function(x) local a = {unpack(args)}; a[#a + 1] = x if k == 1 then return f(unpack(a)) end return helper(a, k - 1) end end return helper({}, n) end
print(curry(function(a, b, c) return a + b + c end, 3)(1)(2)(3))
-- gcd, collatz, hanoi
local function gcd(a, b) while b ~= 0 do a, b = b, a % b end return a end; print(gcd(48, 18), gcd(17, 5))
local steps, c = 0, 27; while c ~= 1 do if c % 2 == 0 then c = c / 2 else c = 3 * c + 1 end steps = steps + 1 end; print(steps)
local moves = 0; local function hanoi(n, a, b, d) if n > 0 then hanoi(n - 1, a, d, b); moves = moves + 1; hanoi(n - 1, d, b, a) end end; hanoi(8, 1, 2, 3); print(moves)
-- base conversion, checksum
local function tobase(n, b) local d = "0123456789abcdef" local s = "" repeat local r = n % b; s = d:sub(r + 1, r + 1) .. s; n = math.floor(n / b) until n == 0 return s end
print(tobase(255, 16), tobase(10, 2), tobase(0, 2))
local sum = 0; for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 65521 end; print(sum)
local urlenc = ("a b&c=d/é"):gsub("[^%w%-_%.~]", function(ch) return ("%%%02X"):format(ch:byte()) end); print(urlenc)
local decoded = ("a%20b%26"):gsub("%%(%x%x)", function(h) return string.char(tonumber(h, 16)) end); print(decoded)
print(("%s"):format(select(2, pcall(function() return nil + 1 end))))
local ops = {["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end, ["*"] = function(a, b) return a * b end}
local stack = {}; for tok in ("3 4 + 2 * 7 -"):gmatch("%S+") do if ops[tok] then local b, a = table.remove(stack), table.remove(stack); stack[#stack + 1] = ops[tok](a, b) else stack[#stack + 1] = tonumber(tok) end end; print(stack[1])
print((function(...) local s = 0 for i = 1, select('#', ...) do s = s + (select(i, ...)) end return s end)(1, 2, 3, 4))
