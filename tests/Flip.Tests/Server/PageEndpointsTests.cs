using System.Text.RegularExpressions;
using Flip.Server;
using Flip.Server.Security;

namespace Flip.Tests.Server;

public sealed partial class PageEndpointsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/page.css", "text/css")]
    [InlineData("/page.js", "text/javascript")]
    public async Task The_page_comes_without_a_key_and_may_ask_nobody_but_its_server(string path, string type)
    {
        await using var rig = await ServerRig.StartAsync(options: new ServerOptions { Key = ApiKey.Generate() });
        using var answer = await rig.Client.GetAsync(path, Cancellation);
        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType!.MediaType);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"https?:|\*|unsafe", policy);
        Assert.DoesNotMatch(Outside(), await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(401, (await rig.SendAsync(HttpMethod.Get, "/models")).Status);
    }

    [Fact]
    public async Task There_may_be_no_page()
    {
        await using var rig = await ServerRig.StartAsync(options: new ServerOptions { Page = false });
        var (status, text) = await rig.SendAsync(HttpMethod.Get, "/");
        Assert.Equal(200, status);
        Assert.StartsWith("flip:", text.GetString(), StringComparison.Ordinal);
        Assert.Equal(404, (await rig.SendAsync(HttpMethod.Get, "/page.js")).Status);
    }

    [GeneratedRegex("(src|href|import|fetch)[^\\n]{0,20}https?://|innerHTML|eval\\(")]
    private static partial Regex Outside();
}
