using System.Net.Http.Headers;

namespace Flip.Benchmarks.Load;

/// <summary>What is sent, and where to.</summary>
/// <param name="Path">Path on the server.</param>
/// <param name="Content">The body.</param>
/// <param name="Type">Its type.</param>
internal sealed record RequestBody(string Path, byte[] Content, MediaTypeHeaderValue Type);
