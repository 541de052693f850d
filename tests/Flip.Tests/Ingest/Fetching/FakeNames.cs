using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Flip.Ingest.Fetching;

namespace Flip.Tests.Ingest.Fetching;

/// <summary>What names stand for in a test; each name has answers for the first time, the second and so on, the last one for ever.</summary>
internal sealed class FakeNames : IHostResolver
{
    private readonly Dictionary<string, string[][]> _answers = [];

    /// <summary>Names that were asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public FakeNames With(string name, params string[][] answers)
    {
        _answers[name] = answers;
        return this;
    }

    public Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation)
    {
        Asked.Enqueue(host);
        return _answers.TryGetValue(host, out var answers)
            ? Task.FromResult<IReadOnlyList<IPAddress>>([.. answers[Math.Min(Asked.Count(name => name == host), answers.Length) - 1].Select(IPAddress.Parse)])
            : Task.FromException<IReadOnlyList<IPAddress>>(new SocketException((int)(host.StartsWith("later", StringComparison.Ordinal) ? SocketError.TryAgain : SocketError.HostNotFound)));
    }
}
