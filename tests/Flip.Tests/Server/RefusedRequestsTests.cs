using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Flip.Server;
using Flip.Server.Requests;
using Flip.Serving;
using Flip.Tests.Data.Images;
using Flip.Tests.Serving;

namespace Flip.Tests.Server;

/// <summary>Requests that cannot be used get problem details that name the field.</summary>
public sealed class RefusedRequestsTests : IAsyncLifetime
{
    private const string Model = "\"model\": \"tiny\"";

    private static readonly ServerLimits Small = new() { BodyBytes = 20_000, Texts = 4, TextLength = 50, Images = 2, Prompts = 10, JsonTokens = 200, Questions = 2 };

    private ServerRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await ServerRig.StartAsync(
        options: new ServerOptions { Limits = Small }, engine: new EngineOptions { MaxWait = TimeSpan.FromMilliseconds(1), MaxPixels = 10_000 });

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData("", "#", "does not contain any JSON")]
    [InlineData("{", "#", "LineNumber: 0")]
    [InlineData("[]", "#", "Expected an object.")]
    [InlineData("null", "#", "Expected an object.")]
    [InlineData("{\"input\": \"a\", \"input\": \"b\"}", "#", "duplicate key 'input'")]
    [InlineData("{\"input\": 1e999}", "#", "beyond every number")]
    [InlineData("{\"input\": \"\\ud800\"}", "#", "surrogate")]
    [InlineData("{\"input\": [[[[[[[[[[[[[[[[[\"a\"]]]]]]]]]]]]]]]]]}", "#", "depth")]
    [InlineData("{" + Model + "}", "#/input", "Expected a text, an image, or a list")]
    [InlineData("{" + Model + ", \"input\": []}", "#/input", "Expected 1 to 6 inputs, and there are 0.")]
    [InlineData("{" + Model + ", \"input\": \"\"}", "#/input", "The text is blank.")]
    [InlineData("{" + Model + ", \"input\": 5}", "#/input", "Expected a text.")]
    [InlineData("{" + Model + ", \"input\": [1, 2]}", "#/input/0", "Token ids are not taken")]
    [InlineData("{" + Model + ", \"input\": [[1, 2]]}", "#/input/0", "Token ids are not taken")]
    [InlineData("{" + Model + ", \"input\": [\"a\", 7]}", "#/input/1", "Expected a text.")]
    [InlineData("{" + Model + ", \"input\": [\"a\", \"b\", \"c\", \"d\", \"e\"]}", "#/input", "at most 4 texts")]
    [InlineData("{" + Model + ", \"input\": {\"txt\": \"a\"}}", "#/input", "Unknown field 'txt'")]
    [InlineData("{" + Model + ", \"input\": {\"text\": \"a\", \"image\": \"b\"}}", "#/input", "one of them alone")]
    [InlineData("{" + Model + ", \"input\": {\"image\": 5}}", "#/input/image", "Expected an image as a data URI")]
    [InlineData("{" + Model + ", \"input\": {\"image\": \"/etc/passwd\"}}", "#/input/image", "Expected an image as a data URI")]
    [InlineData("{" + Model + ", \"input\": {\"image\": \"http://example.com/a.jpg\"}}", "#/input/image", "Addresses are not fetched")]
    [InlineData("{" + Model + ", \"input\": {\"image\": \"file:///etc/passwd\"}}", "#/input/image", "Expected an image as a data URI")]
    [InlineData("{" + Model + ", \"input\": [\"data:image/png;base64,!!!!\"]}", "#/input/0", "no Base64")]
    [InlineData("{" + Model + ", \"input\": [\"data:text/html;base64,AAAA\"]}", "#/input/0", "Expected an image as a data URI")]
    [InlineData("{" + Model + ", \"input\": \"data:image/png;base64,AAAA\"}", "#/input", "not an image")]
    [InlineData("{" + Model + ", \"input\": \"a\", \"encoding_format\": \"hex\"}", "#/encoding_format", "Expected one of float, base64.")]
    [InlineData("{" + Model + ", \"input\": \"a\", \"dimensions\": 4}", "#/dimensions", "have 8 numbers and are not cut")]
    [InlineData("{" + Model + ", \"input\": \"a\", \"dimensions\": \"8\"}", "#/dimensions", "have 8 numbers and are not cut")]
    [InlineData("{" + Model + ", \"input\": \"a\", \"inputs\": 1}", "#/inputs", "Unknown field; known are dimensions, encoding_format, input, model, user.")]
    [InlineData("{" + Model + ", \"input\": \"a\", \"a/b~c\": 1}", "#/a~1b~0c", "Unknown field")]
    [InlineData("{\"input\": \"a\"}", "#/model", "Expected the name of the model, 'tiny'.")]
    [InlineData("{\"input\": \"a\", \"model\": 4}", "#/model", "Expected a text.")]
    public async Task An_embedding_request_is_refused_with_the_place(string body, string place, string detail)
    {
        var (status, problem) = await _rig.PostTextAsync("/v1/embeddings", body);
        Assert.Equal(400, status);
        AssertProblem(problem, 400, place, detail);
        Assert.Contains(detail, problem.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/classify", "{\"image\": IMAGE}", "#/classes", "Expected the names of the classes.")]
    [InlineData("/classify", "{\"image\": IMAGE, \"classes\": []}", "#/classes", "Expected 1 to 10 texts")]
    [InlineData("/classify", "{\"image\": IMAGE, \"classes\": [\"a\", \" \"]}", "#/classes/1", "blank")]
    [InlineData("/classify", "{\"image\": IMAGE, \"classes\": [\"a\"], \"templates\": [\"no name\"]}", "#/templates/0", "no {c}")]
    [InlineData("/classify", "{\"image\": IMAGE, \"classes\": [\"a\"], \"templates\": \"/etc/passwd\"}", "#/templates", "Expected a list of texts.")]
    [InlineData("/classify", "{\"image\": IMAGE, \"classes\": [\"a\"], \"templates\": \"clip80\"}", "#/classes", "at most 10 prompts, classes times templates, and here 80")]
    [InlineData("/classify", "{\"image\": IMAGE, \"classes\": [\"aaaaaaaaaaaaaaaa\"], \"templates\": [\"{c}{c}{c}{c}\"]}", "#/templates", "longer than 50 characters")]
    [InlineData("/classify", "{\"image\": IMAGE, \"classes\": [\"a\"], \"top\": 0}", "#/top", "from 1 to 1048576")]
    [InlineData("/classify", "{\"classes\": [\"a\"]}", "#/images", "Expected 1 to 2 images, and there are 0.")]
    [InlineData("/classify", "{\"images\": [IMAGE, IMAGE, IMAGE], \"classes\": [\"a\"]}", "#/images", "Expected 1 to 2 images, and there are 3.")]
    [InlineData("/classify", "{\"images\": IMAGE, \"classes\": [\"a\"]}", "#/images", "Expected a list of images.")]
    [InlineData("/classify", "{\"images\": [\"data:image/png;base64,AAAA\"], \"classes\": [\"a\"]}", "#/images/0", "not an image")]
    [InlineData("/rank", "{\"image\": IMAGE}", "#/texts", "Expected the texts.")]
    [InlineData("/rank", "{\"image\": IMAGE, \"texts\": [\"a\"], \"by\": \"size\"}", "#/by", "Expected one of image, text.")]
    [InlineData("/rank", "{\"image\": IMAGE, \"texts\": [\"a\"], \"top\": \"3\"}", "#/top", "from 1 to")]
    public async Task Other_requests_are_refused_with_the_place(string path, string body, string place, string detail)
    {
        var image = $"\"{ServerRig.DataUri(ServedTiny.Images(1)[0])}\"";
        var (status, problem) = await _rig.PostTextAsync(path, body.Replace("IMAGE", image, StringComparison.Ordinal));
        Assert.Equal(400, status);
        AssertProblem(problem, 400, place, detail);
    }

    [Fact]
    public async Task All_problems_of_a_request_are_told_at_once()
    {
        var (_, problem) = await _rig.PostTextAsync("/v1/embeddings", "{\"input\": [\"\", 3], \"dimensions\": 1, \"odd\": 1}");
        Assert.Equal(
            ["#/input/0", "#/input/1", "#/dimensions", "#/odd"],
            problem.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("pointer").GetString()));
    }

    [Fact]
    public async Task An_image_that_claims_too_many_pixels_is_refused_by_its_header()
    {
        var (status, problem) = await _rig.PostAsync("/embeddings_image", new { image = ServerRig.DataUri(TestImages.PngHeader(40_000, 40_000)) });
        Assert.Equal(400, status);
        AssertProblem(problem, 400, "#/image", "40000x40000 pixels, the limit is 10000");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("multipart/form-data; boundary=x")] // not of this one
    public async Task Another_type_of_body_is_refused(string type)
    {
        var (status, problem) = await _rig.PostTextAsync("/v1/embeddings", "{}", type);
        Assert.Equal(415, status);
        AssertProblem(problem, 415, "Content-Type", "Expected");
    }

    [Fact]
    public async Task A_packed_body_is_refused()
    {
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("gzip");
        var (status, problem) = await _rig.SendAsync(HttpMethod.Post, "/v1/embeddings", content);
        Assert.Equal(415, status);
        AssertProblem(problem, 415, "Content-Encoding", "not taken");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large_is_refused_announced_or_not(bool isAnnounced)
    {
        var bytes = new byte[30_000];
        Array.Fill(bytes, (byte)' ');
        using HttpContent content = isAnnounced ? new ByteArrayContent(bytes) : new StreamContent(new MemoryStream(bytes));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var (status, problem) = await _rig.SendAsync(HttpMethod.Post, "/v1/embeddings", content, request => request.Headers.TransferEncodingChunked = !isAnnounced);
        Assert.Equal(413, status);
        Assert.Contains("20,000", problem.GetProperty("detail").GetString()!.Replace("20000", "20,000", StringComparison.Ordinal), StringComparison.Ordinal);
        await BodiesAreFreed();
    }

    [Fact]
    public async Task A_body_of_many_small_values_is_refused_before_it_is_parsed()
    {
        var (status, problem) = await _rig.PostTextAsync("/v1/embeddings", $"{{\"input\": [{string.Join(",", Enumerable.Repeat("0", 5000))}]}}");
        Assert.Equal(400, status);
        AssertProblem(problem, 400, "#", "more than 200 values");
    }

    [Theory]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=b", "")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\nx")] // does not end
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"odd\"\r\n\r\nx\r\n--b--\r\n")]
    public async Task A_form_that_is_none_is_refused(string type, string body)
    {
        var (status, problem) = await _rig.PostTextAsync("/embeddings_image", body, type);
        Assert.Equal(400, status);
        Assert.Equal(400, problem.GetProperty("status").GetInt32());
        Assert.True(problem.GetProperty("errors").GetArrayLength() > 0);
    }

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/v1/embeddings", 405)]
    [InlineData("DELETE", "/models", 405)]
    [InlineData("OPTIONS", "/v1/embeddings", 405)] // no cross-origin requests
    [InlineData("GET", "/v1/models/other", 404)]
    [InlineData("POST", "/caption", 404)]
    [InlineData("POST", "/answer", 404)]
    public async Task What_is_not_there_is_a_problem_too(string method, string path, int expected)
    {
        var (status, problem) = await _rig.SendAsync(new HttpMethod(method), path);
        Assert.Equal(expected, status);
        Assert.Equal(expected, problem.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task A_model_of_another_name_is_not_found()
    {
        var (status, problem) = await _rig.PostAsync("/v1/embeddings", new { model = "text-embedding-3-small", input = "a" });
        Assert.Equal(404, status);
        AssertProblem(problem, 404, "#/model", "This server has 'tiny' alone.");
    }

    [Fact]
    public async Task Heads_that_a_model_does_not_have_are_told()
    {
        var (_, problem) = await _rig.PostAsync("/caption", new { image = "x" });
        Assert.Equal("The model 'tiny' has no part for captions; it has embeddings.", problem.GetProperty("detail").GetString());
    }

    private async Task BodiesAreFreed()
    {
        while (_rig.Server.Memory.Left != Small.BodyMemory)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private static void AssertProblem(JsonElement problem, int status, string place, string detail)
    {
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal("about:blank", problem.GetProperty("type").GetString());
        var error = problem.GetProperty("errors")[0];
        Assert.Equal(place, error.GetProperty("pointer").GetString());
        Assert.Contains(detail, error.GetProperty("detail").GetString()!.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }
}
