x = "global"
local function f() return x end
print(f()); setfenv(f, {x = "env"}); print(f()); print(getfenv(f).x, getfenv(1) == _G, getfenv() == _G, getfenv(print) == _G)
local chunk = loadstring("y = 5; return x, y"); setfenv(chunk, setmetatable({}, {__index = _G})); print(chunk()); print(y)
local function g() setfenv(1, {print = print, z = 3}); print(z) end; g()
print(loadstring("return 1 + 1")()); print(loadstring("return ...")(7, 8))
local i = 0; local parts = {"return ", "4", "2", nil}; print(load(function() i = i + 1 return parts[i] end)())
print(type(load(function() return nil end))); print(pcall(load, 1))
local env = {}; local c = setfenv(loadstring("function h() return 'h' end"), env); c(); print(env.h(), h)
local function outer() local function inner() return getfenv(2) == getfenv(1) end return (inner()) end; print(outer())
print(pcall(getfenv, 100)); print(pcall(setfenv, 1)); print(pcall(getfenv, -1))
print(_VERSION, _G._G == _G, type(_G))
print(module == nil, require == nil, type(package.loaded), package.loaded.string == string, package.loaded._G == _G)
package.preload.mymod = function(name) return {name = name} end
print(require("mymod").name, require("mymod") == require("mymod"))
package.preload.strict = function() error("load failure") end
print(pcall(require, "strict"))
print((select(2, pcall(require, "does.not.exist")):match("^[^\n]*")))
local function mod() module("my.pkg", package.seeall); function hello() return "hi from " .. _NAME .. " " .. _PACKAGE end; return _M end
mod(); print(my.pkg.hello(), package.loaded["my.pkg"] == my.pkg)
print(os.time({year = 2024, month = 2, day = 30, hour = 12}) == os.time({year = 2024, month = 3, day = 1, hour = 12}))
print(os.date("!%Y-%m-%d %H:%M:%S", 0), os.date("!%a %A %b %B %d %j %p %y %%", 86400 * 40), os.date("!*t", 3600).hour, os.date("!%c", 0), os.date("!%x %X", 0), os.date("!%I %w %U %W", 1e9))
print(os.difftime(5, 3), type(os.clock()), type(os.time()))
print(next({}), rawequal("a", "a"), select('#', nil))
print(type(collectgarbage("count")), collectgarbage())
print(tostring(print):match("^builtin") or tostring(print):match("^function"), tostring({}):match("^table: "))
