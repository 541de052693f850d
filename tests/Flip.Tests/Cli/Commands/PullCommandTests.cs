using System.Text.Json;
using Flip.Cli;
using Flip.Cli.Commands;
using Flip.Tests.Conversion.Download;

namespace Flip.Tests.Cli.Commands;

/// <summary>The whole command in this process, whose standard output and error are captured.</summary>
[Collection(Alone.Name)]
public sealed class PullCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeHub _hub = new();

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_model_is_pulled_and_the_next_step_is_named()
    {
        _hub.Add("model.safetensors", FakeHub.Bytes(100_000), isLarge: true);
        _hub.Add("config.json", "{}");
        var (code, output, error) = Run("pull", FakeHub.Name, "--hub", _hub.Server.Url.AbsoluteUri, "--to", _folder.Path);
        Assert.True(code == 0, error);
        Assert.Contains($"flip inspect {_folder.Path}", output, StringComparison.Ordinal);
        Assert.Contains("2 files, 0.1 MB, are new; 0 were here", output, StringComparison.Ordinal);

        var (_, json, _) = Run("pull", FakeHub.Name, "--hub", _hub.Server.Url.AbsoluteUri, "--to", _folder.Path, "--json");
        var model = JsonDocument.Parse(json).RootElement;
        Assert.Equal(FakeHub.Commit, model.GetProperty("revision").GetString());
        Assert.All(model.GetProperty("files").EnumerateArray(), file => Assert.True(file.GetProperty("wasPresent").GetBoolean()));
        Assert.StartsWith("sha256:", model.GetProperty("files").EnumerateArray().Last().GetProperty("hash").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Hub_and_token_are_taken_from_the_environment()
    {
        _hub.Add("x.pt", "weights");
        try
        {
            Environment.SetEnvironmentVariable("HF_ENDPOINT", _hub.Server.Url.AbsoluteUri);
            Environment.SetEnvironmentVariable("FLIP_TEST_TOKEN", "secret");
            var (code, output, error) = Run("pull", FakeHub.Name, "--to", _folder.Path, "--token-env", "FLIP_TEST_TOKEN");
            Assert.True(code == 0, error);
            Assert.All(_hub.Server.Requests, request => Assert.Equal("Bearer secret", request.Authorization));
            Assert.DoesNotContain("secret", output + error, StringComparison.Ordinal);

            Environment.SetEnvironmentVariable("FLIP_TEST_TOKEN", "sec\nret");
            (code, _, error) = Run("pull", FakeHub.Name, "--to", _folder.Path, "--token-env", "FLIP_TEST_TOKEN");
            Assert.Equal(ExitCode.Failed, code);
            Assert.Contains("$FLIP_TEST_TOKEN: is no access token", error, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("HF_ENDPOINT", null);
            Environment.SetEnvironmentVariable("FLIP_TEST_TOKEN", null);
        }
    }

    [Theory]
    [InlineData("expected owner/model", "model")]
    [InlineData("expected owner/model", "../model")]
    [InlineData("expected owner/model", "a/b/c")]
    [InlineData("expected an https address", "http://example.invalid/x.pt", "--sha256", "00")]
    [InlineData("--sha256: a file at an address needs", "https://example.invalid/x.pt")]
    [InlineData("--sha256: belongs to the address", "a/b", "--sha256", "00")]
    [InlineData("--revision: belongs to a model", "https://example.invalid/x.pt", "--revision", "x")]
    [InlineData("--hub http://example.invalid", "a/b", "--hub", "http://example.invalid")]
    public void Settings_that_do_not_fit_are_refused_before_anything_is_asked(string expected, string name, params string[] options)
    {
        var (code, _, error) = Run(["pull", name, "--to", _folder.Path, .. options]);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_is_one_line()
    {
        var (code, output, error) = Run("pull", FakeHub.Name, "--hub", _hub.Server.Url.AbsoluteUri, "--to", _folder.Path, "--revision", "v9");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("404", error, StringComparison.Ordinal);
        Assert.Contains("the revision v9", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        var (output, error) = (Console.Out, Console.Error);
        using var capturedOutput = new StringWriter();
        using var capturedError = new StringWriter();
        Console.SetOut(capturedOutput);
        Console.SetError(capturedError);
        try
        {
            return (FlipCommand.Run(args), capturedOutput.ToString(), capturedError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
