using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Flip.Server;
using Flip.Server.Models;
using Flip.Server.Security;
using Flip.Tests.Server;
using Flip.Tests.Serving;
using Microsoft.Playwright;

namespace Flip.SlowTests.Server;

/// <summary>The page in Chromium, as a person uses it. <c>FLIP_TEST_SCREENSHOTS</c> names a folder for pictures of it.</summary>
public sealed partial class PageTests : IAsyncLifetime
{
    private static readonly string? Chromium =
        new[] { Environment.GetEnvironmentVariable("FLIP_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    private static readonly string[] Quiet =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private readonly ServedImages _images = new(12);
    private readonly List<string> _asked = [];
    private readonly List<string> _errors = [];
    private ServerRig _rig = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Chromium is null, "needs Chromium: Debian's chromium, or FLIP_CHROMIUM with its path");
        _rig = await StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Quiet });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_rig is not null)
        {
            await _rig.DisposeAsync();
        }

        _images.Dispose();
    }

    [Fact]
    public async Task Pictures_appear_as_one_types_and_a_click_finds_those_that_are_alike()
    {
        var page = await OpenAsync();
        await page.GetByLabel("Words").PressSequentiallyAsync("a red dog");
        await Expect(page.Locator("#search-status")).ToHaveTextAsync(Found("for “a red dog”"));
        await Expect(page.Locator("#results li")).ToHaveCountAsync(12);
        Assert.True(await page.Locator("#results img").First.EvaluateAsync<bool>("picture => picture.decode().then(() => picture.naturalWidth > 0)"));
        await ShowAsync(page, "search");

        await page.Locator("#results button", new() { HasText = "0004.png" }).ClickAsync();
        await Expect(page.Locator("#search-status")).ToHaveTextAsync(Found("like 0004.png"));
        await Expect(page.Locator("#results .name").First).ToHaveTextAsync("0004.png");
        await page.Locator("#search-file").SetInputFilesAsync(_images.Images.File("0007.png"));
        await Expect(page.Locator("#search-status")).ToHaveTextAsync(Found("like your picture"));
        AssertQuiet();
    }

    [Fact]
    public async Task A_picture_gets_the_probabilities_of_own_classes()
    {
        var page = await OpenAsync("Classes");
        await page.Locator("#classes").FillAsync("a red dog\na blue dog\n\na red dog");
        await page.Locator("#classify-file").SetInputFilesAsync(_images.Images.File("0001.png"));
        var rows = page.Locator("#classes-found tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        var shares = await page.Locator("#classes-found tbody td").AllInnerTextsAsync();
        Assert.Equal(100, shares.Sum(share => double.Parse(share.Replace("%", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture)), 0.3);
        await page.Locator("#classes").FillAsync("a red dog\na blue dog\na dog");
        await Expect(rows).ToHaveCountAsync(3);
        await ShowAsync(page, "classes");
        AssertQuiet();
    }

    [Fact]
    public async Task A_tab_that_is_chosen_before_the_server_tells_what_it_can_do_stays_chosen()
    {
        var page = await OpenAsync(tab: null);
        var (asked, answers) = (new TaskCompletionSource(), new TaskCompletionSource());
        await page.RouteAsync("**/models", async route =>
        {
            asked.SetResult();
            await answers.Task;
            await route.ContinueAsync();
        });
        var loaded = page.ReloadAsync();
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        await loaded;
        await page.GetByRole(AriaRole.Tab, new() { Name = "Masking" }).ClickAsync();
        answers.SetResult();
        await Expect(page.Locator("#model")).ToContainTextAsync("pictures of");
        await Expect(page.GetByRole(AriaRole.Tabpanel, new() { Name = "Masking" })).ToBeVisibleAsync();
        AssertQuiet();
    }

    [Fact]
    public async Task A_picture_is_shown_with_patches_removed_and_how_far_that_moves_it()
    {
        var page = await OpenAsync("Masking");
        await page.Locator("#mask-file").SetInputFilesAsync(_images.Images.File("0002.png"));
        await Expect(page.Locator("#masks figure")).ToHaveCountAsync(3);
        await Expect(page.Locator("#masks figcaption").Nth(1)).ToHaveTextAsync(Moved());
        var before = await page.Locator("#masks img").Nth(1).GetAttributeAsync("src");
        await ShowAsync(page, "masking");
        await page.GetByRole(AriaRole.Button, new() { Name = "Other patches" }).ClickAsync();
        await Expect(page.Locator("#masks img").Nth(1)).Not.ToHaveAttributeAsync("src", before!);
        AssertQuiet();
    }

    [Fact]
    public async Task The_keyboard_does_all_and_a_reader_finds_no_fault_in_light_dark_and_on_a_small_screen()
    {
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1280), (ColorScheme.Dark, 1280), (ColorScheme.Light, 320) })
        {
            var page = await OpenAsync(scheme: scheme, width: width);
            await page.GetByRole(AriaRole.Tab, new() { Name = "Search" }).FocusAsync();
            foreach (var tab in new[] { "Classes", "Masking", "Search" })
            {
                await page.Keyboard.PressAsync("ArrowRight");
                await Expect(page.GetByRole(AriaRole.Tab, new() { Name = tab })).ToBeFocusedAsync();
                await Expect(page.GetByRole(AriaRole.Tabpanel, new() { Name = tab })).ToBeVisibleAsync();
                var faults = (await page.RunAxe()).Violations.Select(fault => $"{tab}: {fault.Id}: {fault.Help} {string.Join(' ', fault.Nodes.Select(node => node.Html))}").ToList();
                Assert.Empty(faults);
            }

            await page.Keyboard.PressAsync("Tab");
            await page.Keyboard.TypeAsync("dog");
            await page.Locator("#results button").First.FocusAsync();
            await page.Keyboard.PressAsync("Enter");
            await Expect(page.Locator("#search-status")).ToContainTextAsync("pictures like");
            Assert.Empty((await page.RunAxe()).Violations.Select(fault => $"{fault.Id}: {fault.Help}"));
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"at {width} pixels the page scrolls sideways");
            await ShowAsync(page, $"{scheme}-{width}".ToLowerInvariant());
            await page.Context.CloseAsync();
        }

        AssertQuiet();
    }

    [Fact]
    public async Task What_goes_wrong_is_told()
    {
        var page = await OpenAsync();
        await page.Locator("#search-file").SetInputFilesAsync(new FilePayload { Name = "a.png", MimeType = "image/png", Buffer = "no picture"u8.ToArray() });
        await Expect(page.Locator("#search-status")).ToHaveTextAsync("This is no picture that the browser can read.");
        await page.RouteAsync("**/search", route => route.FulfillAsync(new() { Status = 429, ContentType = "application/problem+json", Body = """{"title": "The queue is full", "detail": "Wait."}""" }));
        await page.GetByLabel("Words").FillAsync("a dog");
        await Expect(page.Locator("#search-status")).ToHaveTextAsync("The queue is full Wait.");
        await page.RouteAsync("**/search", route => route.AbortAsync());
        await page.GetByLabel("Words").FillAsync("a cat");
        await Expect(page.Locator("#search-status")).ToHaveTextAsync("The server does not answer.");
    }

    [Fact]
    public async Task It_asks_for_the_key_of_a_server_that_has_one()
    {
        await _rig.DisposeAsync();
        var key = ApiKey.Generate();
        _rig = await StartAsync(new ServerOptions { Key = key });
        var page = await OpenAsync(tab: null);
        await Expect(page.Locator("#model")).ToHaveTextAsync("The server asks for its key.");
        await page.GetByLabel("API key").FillAsync(key.Text);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#model")).ToContainTextAsync(ServedTiny.Name);
        await page.GetByLabel("Words").FillAsync("a dog");
        await Expect(page.Locator("#results li")).ToHaveCountAsync(12);
        await Expect(page.Locator("#results img").First).ToHaveAttributeAsync("src", Blob());
    }

    private static ILocatorAssertions Expect(ILocator locator) => Assertions.Expect(locator);

    private static Regex Found(string what) => new($"^12 pictures {Regex.Escape(what)}, in \\d+ ms\\.$");

    [GeneratedRegex(@"^50 % removed: cosine -?\d\.\d{3} to the whole$")]
    private static partial Regex Moved();

    [GeneratedRegex("^blob:")]
    private static partial Regex Blob();

    private Task<ServerRig> StartAsync(ServerOptions? options = null)
    {
        var model = _images.Open();
        return ServerRig.StartAsync(model, options, index: ServedIndex.Open(_images.Index, model));
    }

    /// <summary>The page in a browser of its own, at a tab; null waits for none.</summary>
    private async Task<IPage> OpenAsync(string? tab = "Search", ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        var context = await _browser.NewContextAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } });
        var page = await context.NewPageAsync();
        page.Request += (_, request) => _asked.Add(request.Url);
        page.PageError += (_, error) => _errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _errors.Add(message.Text);
            }
        };
        await page.GotoAsync(_rig.Server.Address.ToString());
        if (tab is not null)
        {
            await page.GetByRole(AriaRole.Tab, new() { Name = tab }).ClickAsync();
        }

        return page;
    }

    /// <summary>Nobody but the server was asked, and the browser had nothing to complain of.</summary>
    private void AssertQuiet()
    {
        Assert.Empty(_errors);
        Assert.All(_asked, url => Assert.True(
            url.StartsWith(_rig.Server.Address.ToString(), StringComparison.Ordinal) || url.StartsWith("data:", StringComparison.Ordinal) || url.StartsWith("blob:", StringComparison.Ordinal), url));
    }

    private static async Task ShowAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FLIP_TEST_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
        }
    }
}
