using System.Net;
using System.Text;
using Flip.Conversion.Download;

namespace Flip.Tests.Conversion.Download;

/// <summary>Where servers try to send a client; those that are encrypted or far away are answers without a network.</summary>
public sealed class RedirectTests : IDisposable
{
    private static readonly Dictionary<string, string> Addresses = new()
    {
        ["hub.example"] = "93.184.216.34",
        ["cdn.example"] = "2001:db9::1",
        ["inner.example"] = "10.1.2.3",
        ["mirror.example"] = "192.168.7.7",
        ["six.example"] = "fd00::1",
        ["mapped.example"] = "::ffff:127.0.0.1",
    };

    private readonly TemporaryFolder _folder = new();
    private readonly List<Uri> _asked = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://127.0.0.1:8080/x", "is not encrypted")]
    [InlineData("http://localhost/x", "is not encrypted")]
    [InlineData("http://cdn.example/x", "is not encrypted")]
    [InlineData("ftp://cdn.example/x", "is not encrypted")]
    [InlineData("https://127.0.0.1/x", "on this machine or its own network")]
    [InlineData("https://127.1/x", "on this machine or its own network")]
    [InlineData("https://localhost/x", "on this machine or its own network")]
    [InlineData("https://[::1]/x", "on this machine or its own network")]
    [InlineData("https://[::ffff:10.0.0.1]/x", "on this machine or its own network")]
    [InlineData("https://0.0.0.0/x", "on this machine or its own network")]
    [InlineData("https://172.31.0.1/x", "on this machine or its own network")]
    [InlineData("https://169.254.169.254/latest/meta-data", "on this machine or its own network")]
    [InlineData("https://inner.example/x", "on this machine or its own network")]
    [InlineData("https://six.example/x", "on this machine or its own network")]
    [InlineData("https://mapped.example/x", "on this machine or its own network")]
    public async Task A_hub_outside_cannot_send_a_client_inside_or_out_of_encryption(string location, string expected)
    {
        foreach (var isLink in (bool[])[false, true])
        {
            var error = await Assert.ThrowsAsync<DownloadException>(() => PullAsync("https://hub.example", location, isLink));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
            Assert.All(_asked, url => Assert.Equal("hub.example", url.Host));
        }
    }

    [Theory]
    [InlineData("https://hub.example", "https://cdn.example/x")]
    [InlineData("https://hub.example", "https://172.32.0.1/x")]
    [InlineData("https://hub.example", "https://unknown.example/x")]
    [InlineData("https://hub.example", "/moved")]
    [InlineData("https://mirror.example", "https://inner.example/x")]
    [InlineData("https://mirror.example", "https://cdn.example/x")]
    [InlineData("http://127.0.0.1:80", "http://127.0.0.1:81/x")]
    public async Task Other_redirects_are_followed(string hub, string location)
    {
        await PullAsync(hub, location, isLink: false);
        Assert.Contains(new Uri(new Uri(hub), location), _asked);
    }

    private Task<DownloadedModel> PullAsync(string hub, string location, bool isLink)
    {
        var model = new DownloadOptions
        {
            Hub = new Uri(hub),
            Retries = 1,
            Resolve = (host, _) => Addresses.TryGetValue(host, out var address) ? Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]) : throw new System.Net.Sockets.SocketException(),
            Handler = new Answers(request =>
            {
                _asked.Add(request.RequestUri!);
                var path = request.RequestUri!.AbsolutePath;
                var answer = path.Contains("/revision/", StringComparison.Ordinal) ? Text($$"""{"sha":"{{FakeHub.Commit}}"}""")
                    : path.Contains("/tree/", StringComparison.Ordinal) ? Text($$"""[{"type":"file","path":"x.pt","size":1,"oid":"2e65efe2a145dda7ee51d1741299f848e5bf752e"}]""")
                    : path.Contains("/resolve/", StringComparison.Ordinal) && !isLink ? new HttpResponseMessage(HttpStatusCode.Found) { Headers = { Location = new Uri(location, UriKind.RelativeOrAbsolute) } }
                    : Text("a");
                if (isLink && path.Contains("/tree/", StringComparison.Ordinal))
                {
                    answer.Headers.Add("Link", $"<{location}>; rel=\"next\"");
                }

                return answer;
            }),
        };
        return new ModelDownload(model).FromHubAsync(FakeHub.Name, "main", _folder.Path);
    }

    private static HttpResponseMessage Text(string text) => new() { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) };

    private sealed class Answers(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = answer(request);
            response.RequestMessage = request;
            return Task.FromResult(response);
        }
    }
}
