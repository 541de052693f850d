using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Flip.Tests.Conversion.Download;

/// <summary>A hub with one model, <c>flip/tiny</c>.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Name = "flip/tiny";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly List<Dictionary<string, object>> _entries = [];

    public FakeHub()
    {
        Server.Answers["/api/models/flip/tiny/revision/main"] = context =>
            LoopbackServer.Status(context, 200, $$"""{"id":"{{Name}}","sha":"{{Commit}}"}""", "application/json");
        Server.Answers[$"/api/models/flip/tiny/tree/{Commit}"] = context =>
            LoopbackServer.Status(context, 200, JsonSerializer.Serialize(_entries), "application/json");
    }

    public LoopbackServer Server { get; } = new();

    public void Dispose() => Server.Dispose();

    public static string PathOf(string file) => $"/flip/tiny/resolve/{Commit}/{file}";

    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Adds a file; a large one is listed with its SHA-256, a small one with git's hash.</summary>
    public byte[] Add(string path, byte[] content, bool isLarge = false, Action<HttpListenerContext>? answer = null)
    {
        using var git = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        git.AppendData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]);
        List(path, content.Length, Convert.ToHexStringLower(git.GetHashAndReset()), isLarge ? Convert.ToHexStringLower(SHA256.HashData(content)) : null);
        Server.Answers[PathOf(path)] = answer ?? (context => LoopbackServer.Send(context, content));
        return content;
    }

    public byte[] Add(string path, string text) => Add(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Lists a file, whatever is behind it.</summary>
    public void List(string path, long size, string git, string? sha256 = null)
    {
        var entry = new Dictionary<string, object> { ["type"] = "file", ["oid"] = git, ["size"] = size, ["path"] = path };
        if (sha256 is not null)
        {
            // The entry's own hash and git's length are the pointer's then.
            entry["oid"] = new string('a', 40);
            entry["lfs"] = new Dictionary<string, object> { ["oid"] = sha256, ["size"] = size, ["pointerSize"] = 134 };
        }

        _entries.Add(entry);
    }
}
